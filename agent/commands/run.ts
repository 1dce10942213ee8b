import tls from 'node:tls';
import { systemClock } from '../../common/clock.ts';
import { runCommand, streamLines } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { createLogger } from '../../common/log.ts';
import { createNotifier } from '../../common/notify.ts';
import { runAgent } from '../agent.ts';
import type { AgentConfig } from '../config.ts';
import { createKernelSide } from '../kernel-side.ts';

/** `turnpike-agent run`: runs until it is told to stop, and leaves the kernel as it is. */
export async function run(config: AgentConfig, env: NodeJS.ProcessEnv): Promise<void> {
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  const log = createLogger('turnpike-agent', config.logLevel);
  const notifier = createNotifier({ env, pid: process.pid, run: runCommand, clock: systemClock, log });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping; what is in the kernel goes on');
      void notifier.stopping();
      stop.abort();
    });
  }
  const options = {
    ...{ config, log, clock: systemClock, random: Math.random },
    kernel: createKernelSide({ config, clock: systemClock, run: runCommand, stream: streamLines }),
    onReady: () => void notifier.ready(),
    tasks: notifier.watchdog === undefined ? [] : [notifier.watchdog],
  };
  try {
    await runAgent(options, stop.signal);
  } catch (error) {
    // What the operator can mend is said in one line; for our own mistakes, the log has the way there.
    if (!(error instanceof TurnpikeError)) log.fatal({ err: error }, 'the agent ended');
    throw error;
  }
}
