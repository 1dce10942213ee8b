import { TurnpikeError } from '../../common/errors.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { parseReference } from './words.ts';

/** @throws TurnpikeError `conflict` where another one has it */
export async function setReference(
  tx: Tx,
  { id, reference }: Row<'subscriptions'>,
  text: string,
): Promise<void> {
  if (parseReference(text) === reference) return;
  const set = { reference: await takeReference(tx, text) };
  await tx.db.updateTable('subscriptions').set(set).where('id', '=', id).execute();
}

/** @throws TurnpikeError `conflict` where another one has it */
export async function takeReference(tx: Tx, text: string): Promise<string> {
  const reference = parseReference(text);
  const known = await tx.db
    .selectFrom('subscriptions')
    .where('reference', '=', reference)
    .select('id')
    .executeTakeFirst();
  if (known === undefined) return reference;
  throw new TurnpikeError('conflict', `there is a subscription with the reference "${reference}" already`, {
    field: 'reference',
    remedy: `turnpike subscription show "${reference}"`,
  });
}
