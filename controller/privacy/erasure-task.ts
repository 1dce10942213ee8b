import type { Task } from '../../common/task.ts';
import { Wake } from '../../common/wake.ts';
import type { Context } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import { scrub, scrubTrouble } from './scrub.ts';

/** Cleans the files once the last node has erased, and what a crash left uncleaned. */
export function erasureTask(context: Context): Task {
  return {
    name: 'erasures',
    run: async (signal, ready) => {
      const wake = new Wake();
      const stop = context.erased.add(() => wake.set());
      ready();
      while (!signal.aborted) {
        await mayTryAgain(context, scrubTrouble, () => scrub(context));
        const timer = context.clock.after(3600_000, () => wake.set());
        await wake.wait(signal);
        timer.cancel();
      }
      stop();
    },
  };
}
