import { formatSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { awaitAnswers } from '../accounting/await-answers.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import {
  bookAdjustment,
  findAdjustment,
  findRepeated,
  type Occasion,
  parseOccasion,
} from './book-adjustment.ts';
import { findSubscription } from './find.ts';
import { limitedVolume, loadAdjustment } from './top-up.ts';
import type { Adjustment } from './views.ts';

export interface RefundWish extends Occasion {
  readonly bytes: bigint;
  /** Id of the top-up of which it is to be taken. */
  readonly pack?: string;
}

/** Takes back what is free at once, and what nodes hold as they give it back: {@link awaitAdjustment} waits for those. */
export async function refund(context: Context, id: string, input: RefundWish): Promise<Adjustment> {
  const occasion = parseOccasion(input);
  const { bytes, pack } = input;
  if (bytes <= 0n) {
    throw new TurnpikeError('invalid', `${bytes} bytes cannot be refunded; give more than zero`, {
      field: 'bytes',
    });
  }
  const adjustment = await context.store.transaction(async (tx) => {
    const subscription = await findSubscription(tx, id);
    const row = { kind: 'refund' as const, bytes, pack_id: pack ?? null };
    const repeated = await findRepeated(tx, id, occasion, { ...row, reverses: null });
    if (repeated !== undefined) return repeated;
    const most = await mostOf(tx, id, pack);
    if (bytes > most) {
      throw new TurnpikeError(
        'invalid',
        `bytes: ${formatSize(bytes)} cannot be refunded: of ${pack ?? id} at most ${formatSize(most)} can (${most} bytes), which is what was sold and not refunded yet`,
        { field: 'bytes' },
      );
    }
    const booked = await bookAdjustment(context, tx, subscription, occasion, row);
    await turnLedger(context, tx, [id], { reclaim: true });
    return booked;
  });
  return context.store.transaction((tx) => loadAdjustment(tx, id, adjustment));
}

/** What came of it once all nodes in contact have given back what they hold, or after two seconds. */
export async function awaitAdjustment(context: Context, id: string, adjustment: string): Promise<Adjustment> {
  await awaitAnswers(context, id, adjustment);
  return context.store.transaction((tx) => loadAdjustment(tx, id, adjustment));
}

/** What was sold, less what is to be taken back already. */
async function mostOf(tx: Tx, id: string, pack: string | undefined): Promise<bigint> {
  const volume = await limitedVolume(tx, id);
  if (pack !== undefined) {
    const row = await findAdjustment(tx, id, pack);
    if (row.kind === 'pack') return row.bytes - row.taken;
    throw new TurnpikeError('invalid', `pack: ${pack} is no top-up`, { field: 'pack' });
  }
  const { rest } = await loadPendingRefunds(tx, id);
  return volume > rest ? volume - rest : 0n;
}

/** Of a subscription's refunds that are pending, over all. Bytes. */
export interface PendingRefunds {
  readonly asked: bigint;
  /** Of that, what was taken back. */
  readonly taken: bigint;
  /** Of that, what is still to be taken back: less than the rest where some had been used. */
  readonly rest: bigint;
}

export async function loadPendingRefunds(tx: Tx, id: string): Promise<PendingRefunds> {
  const pending = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', id)
    .where('pending', '=', 1)
    .select(['bytes', 'taken', 'given_up'])
    .execute();
  const asked = pending.reduce((sum, { bytes }) => sum + bytes, 0n);
  const taken = pending.reduce((sum, row) => sum + row.taken, 0n);
  return { asked, taken, rest: pending.reduce((sum, row) => sum - row.given_up, asked - taken) };
}
