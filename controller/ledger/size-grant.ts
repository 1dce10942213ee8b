import { larger, smaller } from './bigint.ts';
import type { GrantPolicy } from './policy.ts';

/**
 * How much a node gets that wants some: enough for the horizon at its rate, at most half of its equal share of what is
 * free, so that grants halve towards the end and little is stranded with others; never less than the smallest grant
 * while there is as much, and the rest when there is not: the last grant is final.
 */
export function sizeGrant(
  policy: GrantPolicy,
  { free, rate, activeNodes }: { free: bigint; rate: bigint; activeNodes: number },
): bigint {
  if (free <= 0n) return 0n;
  const share = free / (2n * BigInt(Math.max(1, activeNodes)));
  const wish = smaller(rate * policy.horizonSeconds, share);
  return smaller(free, larger(wish, policy.smallest));
}
