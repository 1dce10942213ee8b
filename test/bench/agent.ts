import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredDelta, NodeSettings } from '../../agent/desired/state.ts';
import { LinuxHost } from '../../agent/host/linux.ts';
import { openJournal } from '../../agent/journal/journal.ts';
import { Inbox } from '../../agent/reconcile/inbox.ts';
import { newMemory } from '../../agent/reconcile/memory.ts';
import { Reconciler } from '../../agent/reconcile/reconciler.ts';
import { Reports } from '../../agent/reconcile/reports.ts';
import { newTelemetry } from '../../agent/reconcile/telemetry.ts';
import { Validity } from '../../agent/reconcile/validity.ts';
import { allowancePerDevice } from '../../common/allowance.ts';
import { systemClock } from '../../common/clock.ts';
import { silentLogger } from '../../common/log.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import type { Contender } from './contenders.ts';
import type { Fleet } from './fleet.ts';
import type { Stage } from './stage.ts';

const settings: NodeSettings = {
  listenPort: 51_820,
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  mtu: 1420,
  validitySeconds: 86_400,
};

const nothing: DesiredDelta = {
  removedDeviceIds: [],
  removedSubscriptionIds: [],
  subscriptions: [],
  devices: [],
};

/** The agent from what the controller says to what is in force, its journal on disk in between. */
export const agent: Contender = {
  name: 'agent',
  async prepare(stage, fleet) {
    const directory = await mkdtemp(join(tmpdir(), 'turnpike-bench-'));
    const { reconciler, inbox, close } = openAgent(stage, directory);
    await stage.where.run(['ip', 'link', 'set', 'dev', stage.interfaceName, 'alias', 'turnpike']);
    inbox.settings(settings);
    inbox.heard();
    await reconciler.round({ reading: false, full: false });
    const delta = desired(fleet);
    return async () => {
      const answer = inbox.apply([delta], 1n);
      await reconciler.round({ reading: false, full: false });
      while (reconciler.restless) await reconciler.round({ reading: false, full: false });
      const { refusals } = await answer;
      close();
      await rm(directory, { recursive: true });
      if (refusals.length > 0) throw new Error(`the agent refused: ${refusals[0]?.reason}`);
    };
  },
};

function openAgent({ where, interfaceName, wireguard, gate }: Stage, directory: string) {
  const journal = openJournal(directory, { nodeId: 'nod_0000000000000001', incarnation: 1 });
  const validity = new Validity(systemClock, journal.state.validUntil);
  const inbox = new Inbox(journal, validity, () => undefined);
  const host = new LinuxHost({
    run: where.run,
    clock: systemClock,
    interfaceName,
    stateDirectory: directory,
    userspace: 'always',
    ipv6: 'on',
    uplink: 'auto',
  });
  const reconciler = new Reconciler({
    journal,
    memory: newMemory(journal.state),
    reports: new Reports(journal.state),
    inbox,
    validity,
    gate,
    wireguard,
    host,
    key: generateWireguardKeyPair(),
    interfaceName,
    clock: systemClock,
    log: silentLogger,
    telemetry: newTelemetry(),
  });
  return { reconciler, inbox, close: () => journal.close() };
}

/** A subscription for each device. */
function desired({ peers }: Fleet): DesiredDelta {
  const id = (kind: string, number: number) => `${kind}_${String(number).padStart(16, '0')}`;
  return {
    ...nothing,
    subscriptions: peers.map((_, number) => ({
      id: id('sub', number),
      revision: 1n,
      metering: 'granted',
      grantedBytes: allowancePerDevice,
      allowance: true,
      recall: 0,
    })),
    devices: peers.map(({ publicKey, presharedKey, addresses: [address4 = '', address6 = ''] }, number) => ({
      id: id('dev', number),
      revision: 1n,
      subscriptionId: id('sub', number),
      publicKey,
      presharedKey,
      address4,
      address6,
      access: 'open',
    })),
  };
}
