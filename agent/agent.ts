import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/log.ts';
import { metricsTask } from '../common/metrics-server.ts';
import { runTasks, type Task } from '../common/task.ts';
import { version } from '../common/version.ts';
import { Wake } from '../common/wake.ts';
import type { WireguardKeyPair } from '../common/wireguard-key.ts';
import type { AgentConfig } from './config.ts';
import type { Host } from './host/host.ts';
import type { AgentIdentity } from './identity/identity.ts';
import { IdentityFile, loadIdentity } from './identity/identity-file.ts';
import { type Journal, openJournal } from './journal/journal.ts';
import { ensureWireguardKey } from './journal/key.ts';
import type { KernelSide } from './kernel-side.ts';
import { Presence } from './presence/presence.ts';
import { newlyHeard } from './reconcile/hearing.ts';
import { Inbox } from './reconcile/inbox.ts';
import { Loop } from './reconcile/loop.ts';
import { newMemory } from './reconcile/memory.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { Reports } from './reconcile/reports.ts';
import { newTelemetry } from './reconcile/telemetry.ts';
import { Validity } from './reconcile/validity.ts';
import type { NodeFacts } from './south/ports.ts';
import { createSouth } from './south/south.ts';
import { createRegistry } from './status/metrics.ts';
import { statusSocketPath, statusTask } from './status/socket.ts';
import { describeStatus } from './status/status.ts';
import { readBootId } from './time/boot.ts';
import { ControllerTime } from './time/controller-time.ts';

export interface AgentOptions {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kernel: KernelSide;
  /** As Math.random. */
  readonly random: () => number;
  readonly onReady: () => void;
  /** What else is to run as long as the agent does. */
  readonly tasks?: readonly Task[];
}

/**
 * Runs the agent until `signal` aborts. What it made in the kernel stays: traffic goes on within what was granted.
 * @throws TurnpikeError for what the operator can mend
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { stateDirectory } = options.config;
  const identity = await loadIdentity(stateDirectory);
  const key = await ensureWireguardKey(stateDirectory);
  const journal = openJournal(stateDirectory, identity);
  try {
    await options.kernel.check();
    await serve(options, identity, key, journal, signal);
  } finally {
    journal.close();
  }
}

async function serve(
  options: AgentOptions,
  identity: AgentIdentity,
  key: WireguardKeyPair,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  const { config, clock, log, random } = options;
  const { interfaceName } = config.wireguard;
  const { gate, host, wireguard } = options.kernel;

  const memory = newMemory(journal.state);
  const telemetry = newTelemetry();
  const wake = new Wake();
  const time = new ControllerTime(clock, await readBootId(), journal.state.time);
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
    ...{ identity, sink: inbox, reports: inbox, clock, log, random },
    saveIdentity: (renewed) => new IdentityFile(config.stateDirectory).save(renewed),
    facts: () => describeNode(host, key),
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
  const connectedDevices = () => presence.connected;
  const registry = createRegistry({
    ...{ journal, memory, telemetry, version, connectedDevices },
    controllerState: () => south.state(),
  });
  const describe = () =>
    describeStatus(identity, journal.state, clock, {
      ...{ memory, telemetry, controller: south.state(), connected: presence.connected },
    });
  // The streams stop before the loop does: they must not wait for something that cannot be put in force.
  signal.addEventListener('abort', () => inbox.close());
  let up = false;
  const tasks: Task[] = [
    metricsTask(config.metricsListen, { registry, log, isReady: () => up && telemetry.inForce }),
    statusTask(statusSocketPath(config.stateDirectory), describe),
    loop,
    ...south.tasks,
    presence,
    ...(options.tasks ?? []),
  ];
  await runTasks(tasks, signal, {
    log,
    onReady: () => {
      up = true;
      log.info({ version, node: identity.nodeName }, 'ready');
      options.onReady();
    },
  });
}

async function describeNode(host: Host, key: WireguardKeyPair): Promise<NodeFacts> {
  return {
    agentVersion: version,
    wireguardPublicKey: Buffer.from(key.publicKey, 'base64'),
    wireguardDriver: await host.driver(),
    ipv6: await host.ipv6(),
  };
}
