import type { Row } from '../store/schema.ts';
import type { Vault } from '../vault/vault.ts';

/** With which a message is signed: while a rotation overlaps, with both. */
export function secretsInForce(
  vault: Vault,
  { id, secret, previous_secret: previous, previous_until: until }: Row<'webhooks'>,
  now: number,
): string[] {
  const current = vault.open('webhooks.secret', id, secret);
  return previous !== null && until !== null && until > now
    ? [current, vault.open('webhooks.previous_secret', id, previous)]
    : [current];
}
