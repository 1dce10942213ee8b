import { randomBytes } from 'node:crypto';
import type { GateDevice, GateModel } from '../../agent/gate/model.ts';
import type { Peer } from '../../agent/wireguard/wireguard.ts';

/** Devices as WireGuard and as the gate see them: a preshared key, two addresses, an idle allowance each; nobody was heard yet. */
export interface Fleet {
  readonly peers: readonly Peer[];
  readonly model: GateModel;
}

export function makeFleet(count: number): Fleet {
  const peers: Peer[] = [];
  const devices = new Map<string, GateDevice>();
  for (let number = 2; number < count + 2; number += 1) {
    const address4 = `10.64.${number >> 8}.${number & 255}`;
    const address6 = `fd74:7572:6e70::${number.toString(16)}`;
    peers.push({
      publicKey: randomBytes(32).toString('base64'),
      presharedKey: randomBytes(32).toString('base64'),
      addresses: [address4, address6],
    });
    const pass = { kind: 'allowance', generation: 1 } as const;
    devices.set(`dev_${number}`, { address4, address6, pass, unheard: true });
  }
  return { peers, model: { devices, quotas: new Map(), limits: new Map() } };
}
