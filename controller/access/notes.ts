import { formatSize } from '../../common/bytes.ts';
import { formatSpeed } from '../../common/speed.ts';
import type { Subscription } from '../catalogue/views.ts';
import { showTime } from './reason-words.ts';

// What is added to a verdict, each empty where there is nothing to say.

/** `bitsPerSecond`: what its tariff slows it down to. */
export function describeSlowness(
  { id, access, throttledAt }: Subscription,
  bitsPerSecond: bigint | number | null,
): string {
  if (access.state === 'closed' || throttledAt === null || bitsPerSecond === null) return '';
  return `; it is slowed down to ${formatSpeed(Number(bitsPerSecond))} since ${showTime(throttledAt)}, because the volume is used up: a top-up lifts it (turnpike subscription top-up ${id} SIZE --reason TEXT --reference REFERENCE)`;
}

/** Between the expiry and the end of service; where limits are only observed, service does not end. */
export function describeGrace(
  { id, access, enforcement, expiresAt, endsAt }: Subscription,
  now: number,
): string {
  if (access.state === 'closed' || enforcement === 'observe') return '';
  if (expiresAt === null || endsAt === null || now < expiresAt || now >= endsAt) return '';
  return `; it expired at ${showTime(expiresAt)}, and grace lets it pass until ${showTime(endsAt)} (turnpike subscription renew ${id} --reference REFERENCE)`;
}

/** What is added to a verdict when volume was lost to the customer; empty when none was. */
export function describeWrittenOff({ id, volumeBytes, writtenOffBytes }: Subscription): string {
  if (volumeBytes === null || writtenOffBytes === 0n) return '';
  return `; ${formatSize(writtenOffBytes)} of the volume were written off and not billed, because what passed of them is not known: a goodwill top-up gives them back (turnpike subscription top-up ${id} ${writtenOffBytes}B --reason goodwill --reference REFERENCE)`;
}
