import { TurnpikeError } from '../../common/errors.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { showTime } from '../calendar/show-time.ts';
import { parseInstant } from '../calendar/time-zone.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { loadAdjustments } from './adjustment-view.ts';
import {
  bookAdjustment,
  checkNewPack,
  findRepeated,
  type Occasion,
  parseOccasion,
} from './book-adjustment.ts';
import { findSubscription, refuseCancelled } from './find.ts';
import { loadSubscription } from './subscription-view.ts';
import type { Adjustment } from './views.ts';

export interface TopUp extends Occasion {
  readonly bytes: bigint;
  /** A date (its first moment in the subscription's time zone) or a time with its offset; absent: never. */
  readonly expires?: string;
}

export function topUp(context: Context, id: string, input: TopUp): Promise<Adjustment> {
  const occasion = parseOccasion(input);
  return context.store.transaction(async (tx) => {
    const subscription = await findSubscription(tx, id);
    const { bytes, expires } = input;
    const expiresAt = expires === undefined ? null : parseInstant('expires', expires, subscription.time_zone);
    const pack = { kind: 'pack' as const, bytes, expires_at: expiresAt };
    const repeated = await findRepeated(tx, id, occasion, { ...pack, reverses: null });
    if (repeated !== undefined) return loadAdjustment(tx, id, repeated);
    refuseCancelled(subscription);
    await limitedVolume(tx, id);
    await checkNewPack(tx, id, bytes);
    refuseUseless(subscription, expiresAt, context.clock.now());
    const adjustment = await bookAdjustment(context, tx, subscription, occasion, pack);
    await turnLedger(context, tx, [id], { rearm: true });
    return loadAdjustment(tx, id, adjustment);
  });
}

/** @throws TurnpikeError `conflict` where there is no volume to adjust. */
export async function limitedVolume(tx: Tx, id: string): Promise<bigint> {
  const { volumeBytes } = await loadSubscription(tx, id);
  if (volumeBytes !== null) return volumeBytes;
  throw new TurnpikeError(
    'conflict',
    `subscription ${id} is unlimited: there is no volume to add to or to take from`,
  );
}

export async function loadAdjustment(tx: Tx, subscriptionId: string, id: string): Promise<Adjustment> {
  return (await loadAdjustments(tx, subscriptionId)).find((one) => one.id === id) as Adjustment;
}

/** What is over before anything can be used of it. */
function refuseUseless(
  { id, starts_at: startsAt }: Row<'subscriptions'>,
  expiresAt: number | null,
  now: number,
): void {
  if (expiresAt === null) return;
  if (expiresAt <= now) {
    throw new TurnpikeError('invalid', 'expires: that time is over already: give a time to come', {
      field: 'expires',
    });
  }
  if (startsAt === null || expiresAt > startsAt) return;
  throw new TurnpikeError(
    'invalid',
    `expires: ${showTime(expiresAt)} is not after ${showTime(startsAt)}, when the subscription starts: nothing of it could be used`,
    {
      field: 'expires',
      remedy: `give a later time, or none; or let it start earlier (turnpike subscription set ${id} --starts TIME)`,
    },
  );
}
