import { TurnpikeError } from '../../common/errors.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { refuseAccountsReference } from './namesakes.ts';
import { seesSubscription } from './reach.ts';
import { parseReference } from './words.ts';

/** @throws TurnpikeError `conflict` where another one has it */
export async function setReference(
  tx: Tx,
  { id, reference, account_id }: Row<'subscriptions'>,
  text: string,
): Promise<void> {
  if (parseReference(text) === reference) return;
  const set = { reference: await takeReference(tx, text, account_id) };
  await tx.db.updateTable('subscriptions').set(set).where('id', '=', id).execute();
}

/** For one of this account. @throws TurnpikeError `conflict` where another one has it */
export async function takeReference(tx: Tx, text: string, accountId: string): Promise<string> {
  const reference = parseReference(text);
  await refuseAccountsReference(tx, reference, accountId);
  const known = await tx.db
    .selectFrom('subscriptions')
    .where('reference', '=', reference)
    .select(['id', seesSubscription(tx, 'subscriptions.id').as('seen')])
    .executeTakeFirst();
  if (known === undefined) return reference;
  throw new TurnpikeError('conflict', `there is a subscription with the reference "${reference}" already`, {
    field: 'reference',
    remedy: known.seen ? `turnpike subscription show "${reference}"` : 'give another one',
  });
}
