import type { Origin } from '../audit/audit.ts';
import type { Tally } from './result.ts';

export interface ImportWish {
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
  /** Whose list it is, for the audit log; without, it has no entry of what is changed. */
  readonly origin?: Origin;
  /** Counts the lines, where somebody wants to know how far it came although it was cut short. */
  readonly tally?: Tally;
}

export interface ReconcileWish extends ImportWish {
  /** Suspends the subscriptions that the list leaves out; not where a line was refused, of which it may be. */
  readonly suspendExtra?: boolean;
}
