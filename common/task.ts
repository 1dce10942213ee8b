import type { Logger } from './log.ts';

/**
 * Something long-running. `run` calls `ready` once it serves, and resolves when `signal` aborts and it has stopped.
 * When it rejects, or resolves without having been told to, everything else is stopped too.
 */
export interface Task {
  readonly name: string;
  run(signal: AbortSignal, ready: () => void): Promise<void>;
}

export interface RunTasksOptions {
  readonly log: Logger;
  /** Called once, when all tasks are ready. */
  readonly onReady?: () => void;
}

/**
 * Runs tasks until `signal` aborts or the first of them fails. They are stopped one after the other, last first, so
 * that what was started on top of something is gone before it.
 * @throws the first failure
 */
export async function runTasks(
  tasks: readonly Task[],
  signal: AbortSignal,
  options: RunTasksOptions,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) stop.abort();

  const running: { name: string; abort: AbortController; done: Promise<void> }[] = [];
  try {
    for (const task of tasks) {
      if (stop.signal.aborted) break;
      const abort = new AbortController();
      const { promise: readiness, resolve: ready } = Promise.withResolvers<void>();
      const done = task.run(abort.signal, ready).then(
        () => {
          if (!abort.signal.aborted) failure ??= { error: new Error(`task ${task.name} ended by itself`) };
          stop.abort();
        },
        (error: unknown) => {
          failure ??= { error };
          stop.abort();
        },
      );
      running.push({ name: task.name, abort, done });
      await Promise.race([readiness, aborted(stop.signal)]);
      if (!stop.signal.aborted) options.log.debug({ task: task.name }, 'task ready');
    }
    if (!stop.signal.aborted) options.onReady?.();
    await aborted(stop.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const { abort, done } of running.reverse()) {
      abort.abort();
      await done;
    }
  }
  if (failure) throw failure.error;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
