import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/log.ts';
import { metricsTask } from '../common/metrics-server.ts';
import { runTasks, type Task } from '../common/task.ts';
import { version } from '../common/version.ts';
import type { WireguardKeyPair } from '../common/wireguard-key.ts';
import type { AgentConfig } from './config.ts';
import { createCore } from './core.ts';
import { droppedPackets } from './host/observe.ts';
import type { AgentIdentity } from './identity/identity.ts';
import { IdentityFile, loadIdentity } from './identity/identity-file.ts';
import { refuseExposed } from './journal/exposure.ts';
import { type Journal, openJournal } from './journal/journal.ts';
import { ensureWireguardKey } from './journal/key.ts';
import type { KernelSide } from './kernel-side.ts';
import { createRegistry } from './status/metrics.ts';
import { statusSocketPath, statusTask } from './status/socket.ts';
import { describeStatus } from './status/status.ts';
import { readBootId } from './time/boot.ts';

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
  refuseExposed(stateDirectory);
  const journal = openJournal(stateDirectory, identity);
  try {
    const key = await ensureWireguardKey(stateDirectory, identity);
    await options.kernel.check();
    const begun = { ...identity, journalBegun: true };
    // On the disk before anything is armed.
    if (!identity.journalBegun) await new IdentityFile(stateDirectory).save(begun);
    await serve(options, begun, key, journal, signal);
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
  const { config, clock, log, random, kernel } = options;
  const core = createCore({
    ...{ identity, key, journal, kernel, clock, log, random },
    interfaceName: config.wireguard.interfaceName,
    identityStore: new IdentityFile(config.stateDirectory),
    bootId: await readBootId(),
  });
  const { memory, telemetry, south, presence } = core;
  const connectedDevices = () => presence.connected;
  const registry = createRegistry({
    ...{ journal, memory, telemetry, version, connectedDevices },
    controllerState: () => south.state(),
    droppedPackets: () => droppedPackets(config.wireguard.interfaceName),
  });
  const describe = () =>
    describeStatus(identity, journal.state, clock, {
      ...{ memory, telemetry, controller: south.state(), connected: presence.connected },
      clockAheadMs: core.time.aheadMs(),
    });
  // The streams stop before the loop does: they must not wait for something that cannot be put in force.
  signal.addEventListener('abort', () => core.close());
  let up = false;
  const tasks: Task[] = [
    metricsTask(config.metricsListen, { registry, log, isReady: () => up && telemetry.inForce }),
    statusTask(statusSocketPath(config.stateDirectory), describe),
    ...core.tasks,
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
