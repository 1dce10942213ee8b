import { formatSize } from '../../common/bytes.ts';
import { formatSpeed } from '../../common/speed.ts';
import { showTime } from '../calendar/show-time.ts';
import type { PendingRefunds } from '../catalogue/refund.ts';
import type { Subscription } from '../catalogue/views.ts';
import { describeNextVolume, describeRenewal, type RenewalTerms } from './renewal-words.ts';

// What is added to a verdict, each empty where there is nothing to say.

/** `bitsPerSecond`: what its tariff slows it down to. */
export function describeSlowness(
  { id, access, throttledAt, endsAt }: Subscription,
  bitsPerSecond: bigint | number | null,
  renewal: RenewalTerms,
): string {
  if (access.state === 'closed' || throttledAt === null || bitsPerSecond === null) return '';
  return `; it is slowed down to ${formatSpeed(Number(bitsPerSecond))} since ${showTime(throttledAt)}, because the volume is used up: a top-up lifts it (turnpike subscription top-up ${id} SIZE --reason TEXT --reference REFERENCE)${describeNextVolume(renewal, endsAt)}`;
}

/** Between the expiry and the end of service; where limits are only observed, service does not end. */
export function describeGrace(
  { id, access, enforcement, expiresAt, endsAt }: Subscription,
  renewal: RenewalTerms,
  now: number,
): string {
  if (access.state === 'closed' || enforcement === 'observe') return '';
  if (expiresAt === null || endsAt === null || now < expiresAt || now >= endsAt) return '';
  return `; it expired at ${showTime(expiresAt)}, and grace lets it pass until ${showTime(endsAt)} (${describeRenewal(id, renewal, 'grace')})`;
}

/** What is added to a verdict when volume was lost to the customer; empty when none was. */
export function describeWrittenOff({ id, volumeBytes, writtenOffBytes }: Subscription): string {
  if (volumeBytes === null || writtenOffBytes === 0n) return '';
  return `; ${formatSize(writtenOffBytes)} of the volume were written off and not billed, because what passed of them is not known: a goodwill top-up gives them back (turnpike subscription top-up ${id} ${writtenOffBytes}B --reason goodwill --reference REFERENCE)`;
}

/**
 * What was taken back so far, and what follows: no more than is there. `holders`: names of the nodes that hold some of
 * the volume.
 */
export function describeRefunds(
  { remainingBytes }: Subscription,
  { asked, taken, rest }: PendingRefunds,
  holders: readonly string[],
): string {
  const left = remainingBytes !== null && remainingBytes < rest ? remainingBytes : rest;
  if (left <= 0n) return '';
  const gone = asked - taken - left;
  const parts = [
    taken === 0n ? 'nothing was taken back yet' : `${formatSize(taken)} were taken back`,
    ...(gone > 0n ? [`${formatSize(gone)} are used or written off already`] : []),
  ].join(', ');
  const less =
    holders.length === 0 ? '' : `, less what still passes before ${holders.join(', ')} gave it back`;
  return `; of ${formatSize(asked)} to be refunded ${parts}, and ${formatSize(left)} are still to come${less}`;
}

/** What may still pass of top-ups that have expired. `holders`: names of the nodes that hold some of the volume. */
export function describeExpired({ access }: Subscription, held: bigint, holders: readonly string[]): string {
  if (held <= 0n || access.state === 'closed') return '';
  return `; ${formatSize(held)} of a top-up that has expired may still pass, before ${holders.join(', ')} gave it back`;
}
