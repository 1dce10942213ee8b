import { TurnpikeError } from '../../common/errors.ts';

/** @throws TurnpikeError `unavailable` */
export function refuseAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new TurnpikeError('unavailable', 'ended before all lines were done', {
    remedy: 'send the same list again: what was done stays, and is not done twice',
  });
}
