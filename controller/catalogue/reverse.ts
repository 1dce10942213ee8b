import { TurnpikeError } from '../../common/errors.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import {
  bookAdjustment,
  findAdjustment,
  findRepeated,
  type Occasion,
  parseOccasion,
} from './book-adjustment.ts';
import { findSubscription } from './find.ts';
import { loadAdjustment } from './top-up.ts';
import type { Adjustment } from './views.ts';

/**
 * Undoes an adjustment by another one: of a top-up, what is not used is taken back; of a refund, what was taken is given
 * back, and no more is taken.
 */
export async function reverse(
  context: Context,
  id: string,
  adjustment: string,
  input: Occasion,
): Promise<Adjustment> {
  const occasion = parseOccasion(input);
  const booked = await context.store.transaction(async (tx) => {
    const subscription = await findSubscription(tx, id);
    const original = await findAdjustment(tx, id, adjustment);
    const repeated = await findRepeated(tx, id, occasion, { reverses: original.id });
    if (repeated !== undefined) return repeated;
    await refuseReversed(tx, original);
    const row = original.kind === 'pack' ? backOf(original) : await giveBack(context, tx, original);
    const reversal = { ...row, reverses: original.id };
    const newest = await bookAdjustment(context, tx, subscription, occasion, reversal);
    await turnLedger(context, tx, [id], original.kind === 'pack' ? { reclaim: true } : { rearm: true });
    return newest;
  });
  return context.store.transaction((tx) => loadAdjustment(tx, id, booked));
}

async function refuseReversed(tx: Tx, { id, reverses }: Row<'adjustments'>): Promise<void> {
  if (reverses !== null) {
    throw new TurnpikeError('conflict', `${id} is a reversal itself, of ${reverses}`, {
      remedy: 'book a top-up or a refund instead',
    });
  }
  const known = await tx.db
    .selectFrom('adjustments')
    .where('reverses', '=', id)
    .select('id')
    .executeTakeFirst();
  if (known) throw new TurnpikeError('conflict', `${id} was reversed already, by ${known.id}`);
}

function backOf({ id, bytes, taken }: Row<'adjustments'>) {
  if (taken === bytes) {
    throw new TurnpikeError('conflict', `nothing is left of ${id}: all of it was refunded or has expired`);
  }
  return { kind: 'refund' as const, bytes: bytes - taken, pack_id: id };
}

async function giveBack({ clock }: Context, tx: Tx, { id, taken, pack_id }: Row<'adjustments'>) {
  await tx.db.updateTable('adjustments').set({ pending: 0 }).where('id', '=', id).execute();
  const pack = await tx.db
    .selectFrom('adjustments')
    .where('id', '=', pack_id)
    .select('expires_at')
    .executeTakeFirst();
  const expiresAt = pack?.expires_at ?? null;
  const lasting = expiresAt !== null && expiresAt > clock.now();
  return { kind: 'pack' as const, bytes: taken, expires_at: lasting ? expiresAt : null };
}
