import { newId } from '../../common/ids.ts';
import { planFirstPeriod } from '../accounting/begin-period.ts';
import type { Context } from '../books/context.ts';
import { agreeOnTimes } from '../lifetime/agree.ts';
import { phaseAt, readTimes } from '../lifetime/phase.ts';
import { chunks } from '../store/chunks.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { SubscriptionSettings } from './catalogue.ts';
import { takeReference } from './subscription-reference.ts';
import { parseLine } from './words.ts';

/** A new subscription as it is to be stored. */
export interface PlannedSubscription {
  readonly subscription: Row<'subscriptions'>;
  readonly period: NewRow<'periods'>;
}

export interface SubscriptionWish extends SubscriptionSettings {
  /** The reason. */
  readonly suspended?: string | null;
}

/**
 * `reference` as it is: whether another one has it is for the caller to know.
 * @throws TurnpikeError `invalid`
 */
export function planSubscription(
  context: Context,
  accountId: string,
  tariff: Row<'tariffs'>,
  {
    reference = null,
    suspended,
    ...wish
  }: Omit<SubscriptionWish, 'reference'> & { reference?: string | null },
): PlannedSubscription {
  const now = context.clock.now();
  const times = agreeOnTimes(wish, tariff.duration_days, now);
  const subscription = {
    id: newId('sub'),
    reference,
    account_id: accountId,
    tariff_id: tariff.id,
    period: 1,
    ...times,
    // Who creates one knows that it has begun: only later starts are events.
    phase: phaseAt({ ...readTimes(times), graceSeconds: tariff.grace_seconds }, now),
    suspended_at: suspended == null ? null : now,
    suspension_reason: suspended == null ? null : parseLine('reason', suspended),
    cancelled_at: null,
    cancellation_reason: null,
    next_tariff_id: null,
    exhausted_at: null,
    created_at: now,
  };
  return { subscription, period: planFirstPeriod(context, subscription, tariff) };
}

/** Nothing is granted to them before `grantAllowances`. */
export async function insertSubscriptions(tx: Tx, planned: readonly PlannedSubscription[]): Promise<void> {
  for (const chunk of chunks(planned, 100)) {
    await tx.db
      .insertInto('subscriptions')
      .values(chunk.map(({ subscription }) => subscription))
      .execute();
    await tx.db
      .insertInto('periods')
      .values(chunk.map(({ period }) => period))
      .execute();
  }
}

/** Gives its id. Nothing is granted to it before `grantAllowances`. */
export async function insertSubscription(
  context: Context,
  tx: Tx,
  accountId: string,
  tariff: Row<'tariffs'>,
  { reference, ...wish }: SubscriptionWish,
): Promise<string> {
  const planned = planSubscription(context, accountId, tariff, {
    ...wish,
    reference: reference === undefined ? null : await takeReference(tx, reference, accountId),
  });
  await insertSubscriptions(tx, [planned]);
  return planned.subscription.id;
}
