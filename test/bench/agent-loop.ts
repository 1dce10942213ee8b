import { rmSync } from 'node:fs';
import type { DesiredDelta, NodeSettings } from '../../agent/desired/state.ts';
import type { Host } from '../../agent/host/host.ts';
import { openJournal } from '../../agent/journal/journal.ts';
import { Inbox } from '../../agent/reconcile/inbox.ts';
import { newMemory } from '../../agent/reconcile/memory.ts';
import { Reconciler } from '../../agent/reconcile/reconciler.ts';
import { Reports } from '../../agent/reconcile/reports.ts';
import { newTelemetry } from '../../agent/reconcile/telemetry.ts';
import { Validity } from '../../agent/reconcile/validity.ts';
import { ControllerTime } from '../../agent/time/controller-time.ts';
import { allowancePerDevice } from '../../common/allowance.ts';
import { systemClock } from '../../common/clock.ts';
import { silentLogger } from '../../common/log.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { ownFolder } from '../lab/own.ts';
import type { Contender } from './contenders.ts';
import type { Fleet } from './fleet.ts';

const settings: NodeSettings = {
  listenPort: 0,
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  mtu: 1420,
  validitySeconds: 86_400,
  seatPatienceSeconds: 60,
};

/** The stage is the host. */
const host: Host = {
  ensure: async () => [],
  remove: async () => [],
  driver: async () => 'userspace',
  ipv6: async () => true,
};

/** All of the agent: what the controller said comes in, is journalled on the disk, and is in force. */
export const agentLoop: Contender = {
  name: 'the agent, journal and all',
  async prepare({ gate, wireguard, interfaceName }, fleet) {
    const directory = ownFolder();
    const journal = openJournal(directory, { nodeId: 'nod_0000000000000001', incarnation: 1 });
    const memory = newMemory(journal.state);
    const time = new ControllerTime(systemClock, 'this boot', undefined);
    const validity = new Validity(systemClock, time, journal.state);
    const inbox = new Inbox(journal, validity, time, () => undefined);
    const reconciler = new Reconciler({
      ...{ journal, memory, inbox, validity, time, gate, wireguard, host, interfaceName },
      reports: new Reports(journal.state),
      key: generateWireguardKeyPair(),
      clock: systemClock,
      log: silentLogger,
      telemetry: newTelemetry(),
    });
    inbox.settings(settings);
    await reconciler.round({ reading: false, full: false });
    const delta = describeFleet(fleet);
    return async () => {
      const done = inbox.apply([delta], 1n);
      await reconciler.round({ reading: false, full: false });
      const { refusals } = await done;
      if (refusals.length > 0) throw new Error(`${refusals.length} devices were refused`);
      // Not part of the work.
      setImmediate(() => {
        journal.close();
        rmSync(directory, { recursive: true });
      });
    };
  },
};

/** Each device of a subscription of its own, as most are. */
function describeFleet({ peers, model }: Fleet): DesiredDelta {
  const ids = [...model.devices.keys()];
  const subscriptionId = (id: string) => id.replace('dev', 'sub');
  return {
    removedDeviceIds: [],
    removedSubscriptionIds: [],
    erasedSubscriptionIds: [],
    subscriptions: ids.map((id) => ({
      ...{ id: subscriptionId(id), revision: 1n, metering: 'granted', recall: 0 },
      ...{ grantedBytes: allowancePerDevice, allowance: true, period: 1, nextGrantedBytes: 0n },
    })),
    devices: ids.map((id, index) => {
      const { publicKey = '', presharedKey, addresses = [] } = peers[index] ?? {};
      const [address4 = '', address6 = ''] = addresses;
      return {
        ...{ id, revision: 1n, subscriptionId: subscriptionId(id), access: 'open' },
        ...{ publicKey, presharedKey, address4, address6 },
      };
    }),
  };
}
