export interface ImportWish {
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

export interface ReconcileWish extends ImportWish {
  /** Suspends the subscriptions that the list leaves out; not where a line was refused, of which it may be. */
  readonly suspendExtra?: boolean;
}
