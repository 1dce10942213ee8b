import { TurnpikeError } from '../../common/errors.ts';
import { dateFirstPeriod, turnPeriod } from '../accounting/begin-period.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { showTime } from '../calendar/show-time.ts';
import { parseInstant } from '../calendar/time-zone.ts';
import { recordEvent } from '../events/record.ts';
import { loadHold } from '../hold/hold.ts';
import { agreeOnTimes, checkExpiry, expiryOf, type TimesWish } from '../lifetime/agree.ts';
import { currentPeriodOf, resumePeriods } from '../lifetime/renew-period.ts';
import { planRenewal } from '../lifetime/renewal.ts';
import { beginsNext, paysForPeriod } from '../lifetime/renewed-tariff.ts';
import { settlePhases } from '../lifetime/settle-phase.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { bookAdjustment, checkNewPack } from './book-adjustment.ts';
import type { RenewalWish, SubscriptionSettings } from './catalogue.ts';
import { findLiveSubscription, findSubscription, findTariffsOf, refuseCancelled } from './find.ts';
import { toRenewal } from './renewal-view.ts';
import { setReference } from './subscription-reference.ts';
import { loadSubscription } from './subscription-view.ts';
import { toTariffLimits } from './tariff-settings.ts';
import type { Renewal, Subscription } from './views.ts';
import { parseLine } from './words.ts';

export function setSubscription(
  context: Context,
  id: string,
  { reference, ...wish }: SubscriptionSettings,
): Promise<Subscription> {
  return context.store.transaction(async (tx) => {
    const subscription = await findLiveSubscription(tx, id);
    if (reference !== undefined) await setReference(tx, subscription, reference);
    const now = context.clock.now();
    const anew = wish.starts !== undefined || wish.timeZone !== undefined;
    if (anew) refuseStarted(subscription);
    const times = anew
      ? agreeOnTimes(await asBefore(tx, subscription, wish), await durationOf(tx, subscription), now)
      : { expires_at: readExpiry(subscription, wish.expires, now) };
    await tx.db.updateTable('subscriptions').set(times).where('id', '=', id).execute();
    if ('starts_at' in times) await dateFirstPeriod(context, tx, id, times.starts_at);
    await settlePhases(context, tx, [id]);
    // One that is not over after all is as if it had never been.
    await turnPeriod(context, tx, id, now);
    return loadSubscription(tx, id);
  });
}

/** What is not wished otherwise stays: also an expiry, unless it came of the duration and comes of it again. */
async function asBefore(tx: Tx, row: Row<'subscriptions'>, wish: TimesWish): Promise<TimesWish> {
  const iso = (instant: number) => new Date(instant).toISOString();
  const starts =
    row.starts === 'first-connection' || row.starts_at === null ? 'first-connection' : iso(row.starts_at);
  const came = expiryOf(row.starts_at, await durationOf(tx, row), row.time_zone);
  const expires =
    row.expires_at === came ? {} : { expires: row.expires_at === null ? null : iso(row.expires_at) };
  return { timeZone: row.time_zone, starts, ...expires, ...wish };
}

function refuseStarted({ id, phase, starts, starts_at }: Row<'subscriptions'>): void {
  if (phase === 'waiting' && !(starts === 'first-connection' && starts_at !== null)) return;
  throw new TurnpikeError('conflict', `subscription ${id} has started: its start and its time zone stay`, {
    field: 'starts',
  });
}

function readExpiry(
  row: Row<'subscriptions'>,
  expires: string | null | undefined,
  now: number,
): number | null {
  if (expires === undefined) return row.expires_at;
  if (expires === null) return null;
  const expiresAt = parseInstant('expires', expires, row.time_zone);
  checkExpiry(expiresAt, row.starts_at, now);
  return expiresAt;
}

export function cancelSubscription(
  context: Context,
  id: string,
  input: { reason: string },
): Promise<Subscription> {
  const reason = parseLine('reason', input.reason);
  return context.store.transaction(async (tx) => {
    await findLiveSubscription(tx, id);
    await tx.db
      .updateTable('subscriptions')
      .set({ cancelled_at: context.clock.now(), cancellation_reason: reason, next_tariff_id: null })
      .where('id', '=', id)
      .execute();
    await settlePhases(context, tx, [id]);
    return loadSubscription(tx, id);
  });
}

export function renewSubscription(
  context: Context,
  id: string,
  input: RenewalWish,
): Promise<{ renewal: Renewal; subscription: Subscription }> {
  const reference = parseLine('reference', input.reference, 128);
  if (input.periods !== undefined && input.until !== undefined) {
    throw new TurnpikeError('invalid', 'until: a renewal is by periods or until a date, not both', {
      field: 'until',
    });
  }
  return context.store.transaction(async (tx) => {
    const row = await findSubscription(tx, id);
    const known = await findRenewal(tx, id, reference);
    if (!known) refuseCancelled(row);
    const renewal = known
      ? sameAs(known, input, row)
      : await renew(context, tx, await asOfNow(context, tx, row), { ...input, reference });
    return { renewal: toRenewal(renewal), subscription: await loadSubscription(tx, id) };
  });
}

/**
 * As it is by now, whether a sweep has seen that or not: what a renewal brings depends on no one who looks first.
 * Of what is held, none expires.
 */
async function asOfNow(
  context: Context,
  tx: Tx,
  { id, phase, starts_at }: Row<'subscriptions'>,
): Promise<Row<'subscriptions'>> {
  const now = context.clock.now();
  if (phase !== 'waiting' && starts_at !== null && starts_at > now) {
    // It has started: the clock was ahead then.
    await tx.db.updateTable('subscriptions').set({ starts_at: now }).where('id', '=', id).execute();
  }
  await turnPeriod(context, tx, id, now);
  if ((await loadHold(tx)) === undefined) await settlePhases(context, tx, [id]);
  return findSubscription(tx, id);
}

async function renew(
  context: Context,
  tx: Tx,
  row: Row<'subscriptions'>,
  { reference, periods, until }: RenewalWish,
): Promise<Row<'renewals'>> {
  const now = context.clock.now();
  const { id, phase, expires_at: expiresAt, time_zone: timeZone } = row;
  const { inForce, next } = await findTariffsOf(tx, row);
  const period = await currentPeriodOf(tx, row);
  const renewed = { phase, expiresAt, periodKind: inForce.period_kind, period };
  const begins = beginsNext(renewed, now);
  const tariff = begins ? (next ?? inForce) : inForce;
  const wish =
    until === undefined ? { periods: periods ?? 1 } : { until: parseInstant('until', until, timeZone) };
  const extension = planRenewal(
    { id, phase, expiresAt, timeZone, tariff: { name: tariff.name, ...toTariffLimits(tariff) } },
    wish,
    now,
  );
  const renewal = {
    subscription_id: id,
    reference,
    periods: 'periods' in wish ? wish.periods : null,
    from_at: extension.from,
    until_at: extension.until,
    created_at: now,
  };
  await tx.db.insertInto('renewals').values(renewal).execute();
  await tx.db
    .updateTable('subscriptions')
    .set({ expires_at: extension.until })
    .where('id', '=', id)
    .execute();
  await recordEvent(tx, {
    type: 'subscription.renewed',
    at: now,
    subscriptionId: id,
    data: {
      reference,
      from: new Date(extension.from).toISOString(),
      until: new Date(extension.until).toISOString(),
    },
  });
  await settlePhases(context, tx, [id]);
  if (phase === 'over' && begins) {
    await resumePeriods(context, tx, row, { tariff: inForce, next, period, now });
  }
  const times = (renewal.periods ?? 1) - Number(paysForPeriod(renewed, now));
  if (tariff.period_kind === 'once' && times > 0) {
    await addVolumeAgain(context, tx, await findSubscription(tx, id), tariff, { reference, times });
  }
  return renewal;
}

/** Where the volume is for the whole life, no period brings it again: what is paid for again is added. */
async function addVolumeAgain(
  context: Context,
  tx: Tx,
  row: Row<'subscriptions'>,
  { name, volume_bytes }: Row<'tariffs'>,
  { reference, times }: { readonly reference: string; readonly times: number },
): Promise<void> {
  if (volume_bytes === null) return;
  const bytes = volume_bytes * BigInt(times);
  await checkNewPack(tx, row.id, bytes);
  const occasion = { reason: `renewal of ${name}`, reference };
  await bookAdjustment(context, tx, row, occasion, { kind: 'pack', bytes, of_renewal: 1 });
  await turnLedger(context, tx, [row.id], { rearm: true });
}

/** Told once more by a billing backend that did not hear the answer: it is the same renewal. */
function sameAs(known: Row<'renewals'>, input: RenewalWish, row: Row<'subscriptions'>): Row<'renewals'> {
  const same =
    input.until === undefined
      ? known.periods === (input.periods ?? 1)
      : known.periods === null && known.until_at === parseInstant('until', input.until, row.time_zone);
  if (same) return known;
  throw new TurnpikeError(
    'conflict',
    `the reference "${known.reference}" was booked already for ${row.id}, as another renewal, until ${showTime(known.until_at)}; nothing was changed`,
    { remedy: 'give another reference if this is another payment' },
  );
}

function findRenewal(tx: Tx, id: string, reference: string): Promise<Row<'renewals'> | undefined> {
  return tx.db
    .selectFrom('renewals')
    .where('subscription_id', '=', id)
    .where('reference', '=', reference)
    .selectAll()
    .executeTakeFirst();
}

async function durationOf(tx: Tx, row: Row<'subscriptions'>): Promise<number | null> {
  const tariff = await tx.db
    .selectFrom('tariffs')
    .where('id', '=', row.tariff_id)
    .select('duration_days')
    .executeTakeFirstOrThrow();
  return tariff.duration_days;
}
