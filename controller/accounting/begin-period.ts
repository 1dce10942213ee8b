import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import { recordEvent } from '../events/record.ts';
import { switchToNextTariff } from '../lifetime/switch-tariff.ts';
import { chunks } from '../store/chunks.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { endOfService } from './end-of-service.ts';
import { endPeriodAt } from './end-period.ts';
import { addMissingGrants, addNextGrants } from './grant-rows.ts';
import { loadCarriedIn, refreshOpened, termsOfNext } from './opened-period.ts';
import { currentPeriodEndOf, periodEndOf, termsOf } from './period-end.ts';
import { turnLedger } from './turn.ts';

/**
 * The first period of a new subscription. Where nobody knows yet when that starts it has no end, until
 * {@link dateFirstPeriod} says so. Nothing is granted in it before {@link grantAllowances}.
 */
export function planFirstPeriod(
  { clock, periodEnd }: Context,
  subscription: Pick<Row<'subscriptions'>, 'id' | 'starts_at' | 'time_zone' | 'anchor_at'>,
  tariff: Row<'tariffs'>,
): NewRow<'periods'> {
  const { id, starts_at } = subscription;
  const now = clock.now();
  return {
    ...nothingYet,
    subscription_id: id,
    number: 1,
    starts_at: starts_at ?? now,
    // Where the first use starts it, it is dated to after that.
    usable_from: Math.min(now, starts_at ?? now),
    ends_at: starts_at === null ? null : periodEnd(termsOf(subscription, tariff), starts_at),
    volume: tariff.volume_bytes,
    rollover: tariff.rollover,
  };
}

/** For subscriptions that are new or have a new device: what idle devices hold is reserved before any node can arm it. */
export async function grantAllowances(
  context: Context,
  tx: Tx,
  subscriptionIds: readonly string[],
): Promise<void> {
  for (const ids of chunks(subscriptionIds)) {
    await addMissingGrants(tx, { subscriptionIds: ids });
    await turnLedger(context, tx, ids, { renew: () => true });
  }
}

/** Says when the first period begins, and so when it ends; null: nobody knows yet. Not for one that has turned. */
export async function dateFirstPeriod(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  startsAt: number | null,
): Promise<void> {
  await tx.db
    .updateTable('periods')
    .set({
      starts_at: startsAt ?? context.clock.now(),
      ends_at: null,
      ...(startsAt !== null && { usable_from: sql<number>`min(usable_from, ${startsAt})` }),
    })
    .where('subscription_id', '=', subscriptionId)
    .where('number', '=', 1)
    .execute();
  const endsAt = startsAt === null ? null : await currentPeriodEndOf(context, tx, subscriptionId, startsAt);
  await endPeriodAt(context, tx, subscriptionId, 1, endsAt);
  await turnLedger(context, tx, [subscriptionId], { touch: true });
}

/**
 * Opens the next period where it is not open, so that nodes hold something of it before it begins, and what they say of
 * it has its place.
 */
export async function openNextPeriod(context: Context, tx: Tx, subscriptionId: string): Promise<void> {
  const { number, ends_at } = await currentPeriodOf(tx, subscriptionId);
  if (ends_at === null || !(await openPeriod(context, tx, subscriptionId, number + 1, ends_at))) return;
  await turnLedger(context, tx, [subscriptionId]);
}

export interface TurnTerms {
  /** What the current period leaves is not carried over, whatever the tariff says. */
  readonly forfeits?: boolean;
}

/**
 * Begins the period in which `now` is, where the current one is over by then; over several at once when nobody looked
 * for long. Of a period that is over nothing is granted any more; its rows go on settling. One that its service does not
 * outlast stays the current one: a renewal begins the next. Says whether one began.
 */
export async function turnPeriod(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  now: number,
  { forfeits = false }: TurnTerms = {},
): Promise<boolean> {
  const first = await currentPeriodOf(tx, subscriptionId);
  const servedUntil = await loadEndOfService(tx, subscriptionId);
  let current = first;
  while (current.ends_at !== null && current.ends_at <= now && current.ends_at < servedUntil) {
    const number = current.number + 1;
    const opens = await openPeriod(context, tx, subscriptionId, number, current.ends_at);
    if (!opens) await refreshOpened(tx, subscriptionId, number);
    if (forfeits) await takeOverNothing(tx, subscriptionId, number);
    await leave(tx, subscriptionId, current.number);
    current = await currentPeriodOf(tx, subscriptionId);
  }
  if (current.number === first.number) return false;
  const { number, volume, rollover } = current;
  const carried =
    rollover === 1 ? await loadCarriedIn(tx, subscriptionId, { earliest: first.number, number }) : 0n;
  await recordEvent(tx, {
    type: 'volume.renewed',
    at: current.starts_at,
    subscriptionId,
    data: {
      period: number,
      volumeBytes: volume === null ? null : String(volume),
      carriedBytes: String(carried),
    },
  });
  await turnLedger(context, tx, [subscriptionId], {
    earliest: new Map([[subscriptionId, first.number]]),
    renew: () => true,
    touch: true,
  });
  await switchToNextTariff(context, tx, subscriptionId, current.starts_at);
  return true;
}

async function leave(tx: Tx, subscriptionId: string, number: number): Promise<void> {
  await tx.db
    .updateTable('periods')
    .set({ turned: 1 })
    .where('subscription_id', '=', subscriptionId)
    .where('number', '=', number)
    .execute();
  await tx.db
    .updateTable('grants')
    .set({ wanting: 0 })
    .where('subscription_id', '=', subscriptionId)
    .where('period', '=', number)
    .where('wanting', '=', 1)
    .execute();
  await tx.db
    .updateTable('subscriptions')
    .set({ period: number + 1 })
    .where('id', '=', subscriptionId)
    .execute();
}

async function takeOverNothing(tx: Tx, subscriptionId: string, number: number): Promise<void> {
  await tx.db
    .updateTable('periods')
    .set({ rollover: 0 })
    .where('subscription_id', '=', subscriptionId)
    .where('number', '=', number)
    .execute();
}

/** Says whether it was not open yet. */
async function openPeriod(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  number: number,
  startsAt: number,
): Promise<boolean> {
  const opened = await tx.db
    .selectFrom('periods')
    .where('subscription_id', '=', subscriptionId)
    .where('number', '=', number)
    .select('number')
    .executeTakeFirst();
  if (opened !== undefined) return false;
  await insertPeriod(context, tx, subscriptionId, number, startsAt);
  await addNextGrants(tx, { subscriptionId, period: number });
  return true;
}

/** Infinity: never. One that was cancelled turns no more. */
async function loadEndOfService(tx: Tx, subscriptionId: string): Promise<number> {
  const { cancelled_at, until } = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select(['subscriptions.cancelled_at', (await endOfService(tx)).as('until')])
    .executeTakeFirstOrThrow();
  return cancelled_at === null ? (until ?? Number.POSITIVE_INFINITY) : 0;
}

async function insertPeriod(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  number: number,
  startsAt: number,
): Promise<void> {
  const { volume_bytes, rollover } = await termsOfNext(tx, subscriptionId);
  await tx.db
    .insertInto('periods')
    .values({
      ...nothingYet,
      subscription_id: subscriptionId,
      number,
      starts_at: startsAt,
      usable_from: startsAt,
      ends_at: await periodEndOf(context, tx, subscriptionId, startsAt),
      volume: volume_bytes,
      rollover,
    })
    .execute();
}

const nothingYet = {
  carried_in: 0n,
  withdrawn: 0n,
  reduction: 0n,
  drawn: 0n,
  told_percent: 0,
  told_exhausted: 0,
  turned: 0,
};

function currentPeriodOf(tx: Tx, subscriptionId: string) {
  return tx.db
    .selectFrom('periods')
    .innerJoin('subscriptions', 'subscriptions.id', 'periods.subscription_id')
    .where('subscriptions.id', '=', subscriptionId)
    .whereRef('periods.number', '=', 'subscriptions.period')
    .select(['periods.number', 'periods.starts_at', 'periods.ends_at', 'periods.volume', 'periods.rollover'])
    .executeTakeFirstOrThrow();
}
