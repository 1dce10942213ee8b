import type { Task } from '../../common/task.ts';
import type { Context } from './context.ts';
import { mayTryAgain } from './try-again.ts';

/** Work that comes again, at the start and then a while after each turn. */
export interface Recurring {
  readonly name: string;
  readonly everyMs: number;
  /** What the log says when a turn failed. */
  readonly trouble: string;
  /** @param round from 0 */
  work(round: number): Promise<void>;
}

export function recurring(
  context: Pick<Context, 'clock' | 'log'>,
  { name, everyMs, trouble, work }: Recurring,
): Task {
  return {
    name,
    run: async (signal, ready) => {
      ready();
      for (let round = 0; !signal.aborted; round++) {
        await mayTryAgain(context, trouble, () => work(round));
        await context.clock.sleep(everyMs, signal);
      }
    },
  };
}
