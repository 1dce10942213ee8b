import type { GateFrame, GateModel } from '../../agent/gate/model.ts';
import { NftGate } from '../../agent/gate/nft.ts';
import { maxPeers } from '../../agent/wireguard/limits.ts';
import { WgDriver } from '../../agent/wireguard/wg.ts';
import { systemClock } from '../../common/clock.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { createNamespace, type Namespace, uniqueInterface } from '../node/namespace.ts';
import { startWireguardGo } from '../node/wireguard-go.ts';

/** A namespace with an empty wireguard-go and an empty table, both ready to take devices. */
export interface Stage {
  readonly where: Namespace;
  readonly interfaceName: string;
  readonly wireguard: WgDriver;
  readonly gate: NftGate;
  close(): Promise<void>;
}

export const empty: GateModel = { devices: new Map(), quotas: new Map(), limits: new Map() };

export async function openStage(): Promise<Stage> {
  const where = await createNamespace();
  const interfaceName = uniqueInterface();
  const daemon = await startWireguardGo(where, interfaceName);
  const wireguard = new WgDriver({ run: where.run, interfaceName, maxPeers: maxPeers.userspace });
  const gate = new NftGate({ run: where.run, stream: where.stream, open: where.open, clock: systemClock });
  const frame: GateFrame = {
    interfaceName,
    range4: '10.64.0.0/16',
    range6: 'fd74:7572:6e70::/64',
    address4: '10.64.0.1',
    address6: 'fd74:7572:6e70::1',
    ipv6: true,
    mtu: 1420,
  };
  await wireguard.configure({ privateKey: generateWireguardKeyPair().privateKey, listenPort: 0 });
  await where.run(['ip', 'link', 'set', interfaceName, 'up']);
  await gate.create(frame);
  return {
    where,
    interfaceName,
    wireguard,
    gate,
    close: async () => {
      await daemon.stop();
      await where.remove();
    },
  };
}
