import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/log.ts';
import type { Task } from '../common/task.ts';
import { version } from '../common/version.ts';
import { Wake } from '../common/wake.ts';
import type { WireguardKeyPair } from '../common/wireguard-key.ts';
import type { Host } from './host/host.ts';
import type { AgentIdentity } from './identity/identity.ts';
import type { Journal } from './journal/journal.ts';
import type { KernelSide } from './kernel-side.ts';
import { Presence } from './presence/presence.ts';
import { newlyHeard } from './reconcile/hearing.ts';
import { Inbox } from './reconcile/inbox.ts';
import { Loop } from './reconcile/loop.ts';
import { type Memory, newMemory } from './reconcile/memory.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { Reports } from './reconcile/reports.ts';
import { newTelemetry, type Telemetry } from './reconcile/telemetry.ts';
import { Validity } from './reconcile/validity.ts';
import type { Dial } from './south/connection.ts';
import type { IdentityStore, NodeFacts } from './south/ports.ts';
import { createSouth, type South } from './south/south.ts';
import { ControllerTime } from './time/controller-time.ts';

export interface CoreOptions {
  readonly identity: AgentIdentity;
  readonly identityStore: IdentityStore;
  readonly key: WireguardKeyPair;
  readonly interfaceName: string;
  readonly journal: Journal;
  readonly kernel: Pick<KernelSide, 'gate' | 'wireguard' | 'host'>;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** As Math.random. */
  readonly random: () => number;
  /** Over TLS, unless given. */
  readonly dial?: Dial;
}

/** What the agent is, without what it shows of itself: the loop, the streams to the controller, and who is there. */
export interface Core {
  /** The loop is the first: nothing is dialled before the node is as the journal says. */
  readonly tasks: readonly Task[];
  readonly memory: Memory;
  readonly telemetry: Telemetry;
  readonly time: ControllerTime;
  readonly south: South;
  readonly presence: Presence;
  /** Nobody waits any longer for something to be in force. */
  close(): void;
}

export function createCore(options: CoreOptions): Core {
  const { identity, key, interfaceName, journal, clock, log, random } = options;
  const { gate, host, wireguard } = options.kernel;
  const memory = newMemory(journal.state);
  const telemetry = newTelemetry();
  const wake = new Wake();
  const time = new ControllerTime(clock, options.bootId, journal.state.time);
  const validity = new Validity(clock, time, journal.state);
  const inbox = new Inbox(journal, validity, time, () => wake.set());
  const reconciler = new Reconciler({
    ...{ journal, memory, inbox, validity, time, gate, wireguard, host },
    ...{ key, interfaceName, clock, log, telemetry },
    reports: new Reports(journal.state),
  });
  const loop = new Loop({
    ...{ reconciler, inbox, validity, gate, clock, log, telemetry, wake, random },
    onRefusal: () => presence.lookSoon(),
    onReading: () => presence.tellRisen(),
  });
  const south = createSouth({
    ...{ identity, identityStore: options.identityStore, sink: inbox, reports: inbox, clock, log, random },
    facts: () => describeNode(host, key, journal),
    ...(options.dial && { dial: options.dial }),
  });
  const presence = new Presence({
    ...{ wireguard, sender: south.presence, clock, log },
    devices: () => (telemetry.inForce ? journal.state.devices.values() : []),
    traffic: memory.traffic,
    risen: memory.risen,
    readAt: () => memory.lastReadingAt,
    peers: () => memory.peers,
    onKnock: (ids) => inbox.knock(ids),
    onLook: (askedAt, peers) => {
      const hearing = { askedAt, peers };
      if (newlyHeard(memory, hearing).length > 0) inbox.hear(hearing);
    },
    onTrouble: () => loop.lookNow(),
  });
  return {
    ...{ memory, telemetry, time, south, presence },
    tasks: [loop, ...south.tasks, presence],
    close: () => inbox.close(),
  };
}

async function describeNode(host: Host, key: WireguardKeyPair, { state }: Journal): Promise<NodeFacts> {
  return {
    agentVersion: version,
    wireguardPublicKey: Buffer.from(key.publicKey, 'base64'),
    wireguardDriver: await host.driver(),
    ipv6: await host.ipv6(),
    lastReport: state.lastReport,
  };
}
