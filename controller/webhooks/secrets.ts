import type { Row } from '../store/schema.ts';

/** With which a message is signed: while a rotation overlaps, with both. */
export function secretsInForce(
  { secret, previous_secret: previous, previous_until: until }: Row<'webhooks'>,
  now: number,
): string[] {
  return previous !== null && until !== null && until > now ? [secret, previous] : [secret];
}
