import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { show } from '../../common/show.ts';
import { holdConsumption } from '../accounting/hold-consumption.ts';
import type { Context } from '../books/context.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { parseLine } from './words.ts';

/** What every adjustment has. */
export interface Occasion {
  readonly reason: string;
  /** The billing backend's own; unique within the subscription. */
  readonly reference: string;
}

export function parseOccasion({ reason, reference }: Occasion): Occasion {
  return { reason: parseLine('reason', reason), reference: parseLine('reference', reference, 128) };
}

/** @throws TurnpikeError `conflict` for a reference that the subscription has already: nothing is booked twice. */
export async function bookAdjustment(
  { clock }: Context,
  tx: Tx,
  subscription: Pick<Row<'subscriptions'>, 'id' | 'period'>,
  occasion: Occasion,
  row: Pick<NewRow<'adjustments'>, 'kind' | 'bytes'> & Partial<NewRow<'adjustments'>>,
): Promise<string> {
  const { id } = subscription;
  const known = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', id)
    .where('reference', '=', occasion.reference)
    .select('id')
    .executeTakeFirst();
  if (known !== undefined) {
    throw new TurnpikeError(
      'conflict',
      `the reference ${show(occasion.reference)} was booked already for ${id}, as ${known.id}; nothing was changed`,
      { remedy: 'give another reference if this is another payment', field: 'reference' },
    );
  }
  if (row.kind === 'pack') await holdConsumption(tx, id);
  const adjustment = newId('adj');
  await tx.db
    .insertInto('adjustments')
    .values({
      id: adjustment,
      subscription_id: id,
      period: subscription.period,
      taken: 0n,
      spent: 0n,
      expired: 0,
      pending: row.kind === 'refund' ? 1 : 0,
      created_at: clock.now(),
      ...occasion,
      ...row,
    })
    .execute();
  return adjustment;
}

/** @throws TurnpikeError `not_found` */
export async function findAdjustment(
  tx: Tx,
  subscriptionId: string,
  id: string,
): Promise<Row<'adjustments'>> {
  const row = await tx.db
    .selectFrom('adjustments')
    .where('id', '=', id)
    .where('subscription_id', '=', subscriptionId)
    .selectAll()
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new TurnpikeError('not_found', `subscription ${subscriptionId} has no adjustment ${show(id)}`, {
    remedy: `see "turnpike subscription show ${subscriptionId}"`,
  });
}
