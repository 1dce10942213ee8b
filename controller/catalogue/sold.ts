import { dayMs } from '../../common/day.ts';
import { periodAt } from '../calendar/period.ts';
import { endOf } from '../lifetime/phase.ts';
import { scheduleOf } from '../lifetime/schedule.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { findTariffsOf } from './find.ts';

/** All that a subscription ever had, or will have until its end as it is agreed now; refunds are not taken off. */
export interface Sold {
  readonly bytes: bigint;
  /** It has no end, or no limit: `bytes` are what it had so far. */
  readonly endless: boolean;
}

export async function loadSold(tx: Tx, id: string): Promise<Sold> {
  const subscription = await tx.db
    .selectFrom('subscriptions')
    .where('id', '=', id)
    .selectAll()
    .executeTakeFirstOrThrow();
  const periods = await tx.db
    .selectFrom('periods')
    .where('subscription_id', '=', id)
    .where('number', '<=', subscription.period)
    .orderBy('number')
    .select(['volume', 'ends_at'])
    .execute();
  const packs = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', id)
    .where('kind', '=', 'pack')
    // What a reversal gives back was sold before.
    .where('reverses', 'is', null)
    .select('bytes')
    .execute();
  const had = [...periods.map(({ volume }) => volume ?? 0n), ...packs.map(({ bytes }) => bytes)];
  const bytes = had.reduce((sum, one) => sum + one, 0n);
  const { inForce, next } = await findTariffsOf(tx, subscription);
  const tariff = next ?? inForce;
  const endsAt = periods.at(-1)?.ends_at ?? null;
  const toCome = turns(subscription, inForce, endsAt) ? countToCome(subscription, tariff, endsAt) : 0;
  const unlimited = periods.at(-1)?.volume === null || tariff.volume_bytes === null;
  if (unlimited || toCome === undefined) return { bytes, endless: true };
  return { bytes: bytes + BigInt(toCome) * (tariff.volume_bytes ?? 0n), endless: false };
}

/** Another period follows the current one, which ends at `endsAt`; null: nobody knows yet, or never. */
function turns(
  { expires_at: expiresAt }: Row<'subscriptions'>,
  { grace_seconds: graceSeconds }: Row<'tariffs'>,
  endsAt: number | null,
): boolean {
  const over = endOf({ expiresAt, graceSeconds });
  return over === null || endsAt === null || over > endsAt;
}

/** Periods after the current one, by the tariff that is in force then; undefined: they never end. */
function countToCome(
  subscription: Row<'subscriptions'>,
  tariff: Row<'tariffs'>,
  endsAt: number | null,
): number | undefined {
  const changes = subscription.next_tariff_id !== null;
  // With less grace, too, the other one begins, though it may be over by then.
  const least = changes ? 1 : 0;
  if (tariff.period_kind === 'once') return least;
  const over = endOf({ expiresAt: subscription.expires_at, graceSeconds: tariff.grace_seconds });
  if (endsAt === null) return countUnstarted(subscription, tariff, over);
  if (over === null) return undefined;
  const schedule = scheduleOf(changes ? { ...subscription, anchor_at: endsAt } : subscription, tariff);
  if (schedule === null || over <= endsAt) return least;
  return periodAt(schedule, over - 1).number - periodAt(schedule, endsAt).number + 1;
}

/** While nobody knows when it starts: as many as there can be, by whatever day it does. */
function countUnstarted(
  { created_at }: Row<'subscriptions'>,
  { period_kind, period_days, duration_days, grace_seconds }: Row<'tariffs'>,
  over: number | null,
): number | undefined {
  const shortest = period_kind === 'month' ? 28 : (period_days ?? 1);
  const days = over === null ? duration_days : (over - created_at) / dayMs;
  if (days === null) return undefined;
  const withGrace = days + (over === null ? (grace_seconds * 1000) / dayMs : 0);
  // A day more, for clock changes; and a month may be cut at both ends.
  return Math.ceil((withGrace + 1) / shortest) + (period_kind === 'month' ? 1 : 0);
}
