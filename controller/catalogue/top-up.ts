import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { addVolume } from '../ledger/adjust.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { findSubscription } from './find.ts';
import { loadSubscription } from './subscription-view.ts';
import type { Adjustment } from './views.ts';
import { parseLine } from './words.ts';

export function topUp(
  context: Context,
  id: string,
  input: { bytes: bigint; reason: string; reference: string },
): Promise<Adjustment> {
  const reason = parseLine('reason', input.reason);
  const reference = parseLine('reference', input.reference, 128);
  return context.store.transaction(async (tx) => {
    const subscription = await findSubscription(tx, id);
    const { volumeBytes } = await loadSubscription(tx, id);
    if (volumeBytes === null) {
      throw new TurnpikeError('conflict', `subscription ${id} is unlimited: there is no volume to add to`);
    }
    await refuseKnownReference(tx, id, reference);
    addVolume(volumeBytes, input.bytes);
    const adjustment = {
      id: newId('adj'),
      subscription_id: id,
      kind: 'pack' as const,
      period: subscription.period,
      bytes: input.bytes,
      taken: 0n,
      expires_at: null,
      expired: 0,
      pending: 0,
      pack_id: null,
      reverses: null,
      reason,
      reference,
      created_at: context.clock.now(),
    };
    await tx.db.insertInto('adjustments').values(adjustment).execute();
    await turnLedger(context, tx, [id]);
    return toAdjustment(adjustment);
  });
}

export async function loadAdjustments(tx: Tx, subscriptionId: string): Promise<Adjustment[]> {
  const rows = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', subscriptionId)
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toAdjustment);
}

async function refuseKnownReference(tx: Tx, id: string, reference: string): Promise<void> {
  const known = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', id)
    .where('reference', '=', reference)
    .select('id')
    .executeTakeFirst();
  if (known === undefined) return;
  throw new TurnpikeError(
    'conflict',
    `the reference "${reference}" was booked already for ${id}, as ${known.id}; nothing was added`,
    { remedy: 'give another reference if this is another payment' },
  );
}

function toAdjustment(row: Row<'adjustments'>): Adjustment {
  return {
    id: row.id,
    subscriptionId: row.subscription_id,
    bytes: row.bytes,
    reason: row.reason,
    reference: row.reference,
    createdAt: row.created_at,
  };
}
