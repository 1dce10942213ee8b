import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import type { Audit } from './audit.ts';

const everyMs = 10_000;

/** Writes down what was refused again and again. */
export function auditTask(context: Context, audit: Audit): Task {
  return {
    name: 'audit',
    run: async (signal, ready) => {
      ready();
      while (!signal.aborted) {
        await mayTryAgain(context, 'refused attempts could not be written down', () =>
          audit.settleAttempts(),
        );
        await context.clock.sleep(everyMs, signal);
      }
    },
  };
}
