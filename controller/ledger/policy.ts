/** The figures behind grant sizing and recalls. Bytes are bigint, times are milliseconds. */
export interface GrantPolicy {
  /** No grant is smaller, but the last. */
  readonly smallest: bigint;
  /** A grant is for this long at the rate that the node reports. */
  readonly horizonSeconds: bigint;
  /** A node without usage for this long is not active: it does not share in what is free. */
  readonly activeMs: number;
  /** A grant without usage for this long is recalled. */
  readonly holdingMs: number;
  /** A node is not recalled again within this, so that one which has nothing to give is not asked all the time. */
  readonly recallAgainMs: number;
  /** Of one idle device. */
  readonly allowance: bigint;
  /** Allowances stay while at least so many times their sum is free, */
  readonly allowancesKeptAt: bigint;
  /** and come back (or are given at first) at so many times. Apart, so that they do not come and go. */
  readonly allowancesGivenAt: bigint;
  /** With less than one packet left, nothing passes any more. */
  readonly packet: bigint;
}

export const grantPolicy = {
  smallest: 64n * 1024n,
  horizonSeconds: 3600n,
  activeMs: 60_000,
  holdingMs: 600_000,
  recallAgainMs: 5_000,
  allowancesKeptAt: 5n,
  allowancesGivenAt: 8n,
  packet: 1500n,
} as const satisfies Omit<GrantPolicy, 'allowance'>;
