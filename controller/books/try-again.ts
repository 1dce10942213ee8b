import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from './context.ts';

/**
 * Does one turn of work that comes again. A full disk is no reason to stop: nothing was changed, and it is tried again.
 * False when it failed so, which was logged as `trouble`.
 */
export async function mayTryAgain(
  { log }: Pick<Context, 'log'>,
  trouble: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.code === 'internal') throw error;
    log.error({ err: error }, trouble);
    return false;
  }
}
