import { isDeepStrictEqual } from 'node:util';
import { formatSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { show } from '../../common/show.ts';
import { holdConsumption } from '../accounting/hold-consumption.ts';
import type { Context } from '../books/context.ts';
import { checkPack } from '../ledger/adjust.ts';
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

/**
 * The adjustment that was booked with this reference before: a billing backend that did not hear the answer tells it
 * once more. `told`: what it is now; a reason in other words makes no other payment.
 * @throws TurnpikeError `conflict` when it was something else: nothing is booked twice.
 */
export async function findRepeated(
  tx: Tx,
  subscriptionId: string,
  { reference }: Occasion,
  told: Partial<Row<'adjustments'>>,
): Promise<string | undefined> {
  const known = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', subscriptionId)
    .where('reference', '=', reference)
    .where('of_renewal', '=', 0)
    .selectAll()
    .executeTakeFirst();
  if (known === undefined) return undefined;
  const fields = Object.keys(told) as (keyof typeof told)[];
  if (fields.every((field) => isDeepStrictEqual(known[field], told[field]))) return known.id;
  const what = known.reverses !== null ? 'reversal' : known.kind === 'pack' ? 'top-up' : 'refund';
  throw new TurnpikeError(
    'conflict',
    `the reference ${show(reference)} was booked already for ${subscriptionId}, as another one: ${known.id}, a ${what} of ${formatSize(known.bytes)}; nothing was changed`,
    { remedy: 'give another reference if this is another payment', field: 'reference' },
  );
}

/** Not twice with one reference: {@link findRepeated} is asked before. */
export async function bookAdjustment(
  { clock }: Context,
  tx: Tx,
  { id, period }: Pick<Row<'subscriptions'>, 'id' | 'period'>,
  occasion: Occasion,
  row: Pick<NewRow<'adjustments'>, 'kind' | 'bytes'> & Partial<NewRow<'adjustments'>>,
): Promise<string> {
  const isPack = row.kind === 'pack';
  if (isPack) await holdConsumption(tx, id);
  const adjustment = newId('adj');
  await tx.db
    .insertInto('adjustments')
    .values({
      id: adjustment,
      subscription_id: id,
      period,
      taken: 0n,
      spent: 0n,
      expired: 0,
      pending: isPack ? 0 : 1,
      own_period: isPack ? null : period,
      created_at: clock.now(),
      ...occasion,
      ...row,
    })
    .execute();
  return adjustment;
}

/** @throws TurnpikeError `invalid` for a pack that cannot be added to those that are there. */
export async function checkNewPack(tx: Tx, subscriptionId: string, bytes: bigint): Promise<void> {
  const packs = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', subscriptionId)
    .where('kind', '=', 'pack')
    .select(['bytes', 'taken'])
    .execute();
  checkPack(
    packs.reduce((sum, pack) => sum + pack.bytes - pack.taken, 0n),
    bytes,
  );
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
