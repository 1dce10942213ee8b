import type { Clock } from './clock.ts';
import type { CommandRunner } from './command.ts';
import type { Logger } from './log.ts';
import type { Task } from './task.ts';

/** What systemd is told of the process (sd_notify(3)). Without systemd all of it does nothing. */
export interface Notifier {
  ready(): Promise<void>;
  stopping(): Promise<void>;
  /** Pets the watchdog as often as the unit asks for; undefined when it does not ask. */
  readonly watchdog: Task | undefined;
}

export interface NotifierOptions {
  /** The process's environment: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly run: CommandRunner;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Node has no unix datagram sockets, so systemd-notify(1) sends for us; units therefore say `NotifyAccess=all`.
 * A notification that cannot be sent is logged: systemd's own time limits decide what follows.
 */
export function createNotifier(options: NotifierOptions): Notifier {
  const { env, run, log } = options;
  const told = Boolean(env['NOTIFY_SOCKET']);
  const send = async (...states: string[]): Promise<void> => {
    if (!told) return;
    try {
      await run(['systemd-notify', ...states], { timeoutMs: 5000 });
    } catch (error) {
      log.warn({ err: error, states }, 'systemd could not be notified');
    }
  };
  const periodMs = watchdogPeriodMs(env, options.pid);
  return {
    ready: () => send('READY=1'),
    stopping: () => send('STOPPING=1'),
    watchdog: told && periodMs !== undefined ? watchdogTask(periodMs, options.clock, send) : undefined,
  };
}

/** Half of the time after which systemd acts, as sd_watchdog_enabled(3) recommends. */
function watchdogPeriodMs(env: NotifierOptions['env'], pid: number): number | undefined {
  const microseconds = Number(env['WATCHDOG_USEC']);
  const forUs = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === pid;
  return forUs && microseconds > 0 ? microseconds / 2000 : undefined;
}

function watchdogTask(periodMs: number, clock: Clock, send: (state: string) => Promise<void>): Task {
  return {
    name: 'watchdog',
    run: async (signal, ready) => {
      ready();
      while (!signal.aborted) {
        await send('WATCHDOG=1');
        await clock.sleep(periodMs, signal);
      }
    },
  };
}
