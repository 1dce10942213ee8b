import { isDeepStrictEqual } from 'node:util';
import { TurnpikeError } from '../../common/errors.ts';
import { changeVolume } from '../accounting/change-volume.ts';
import type { Context } from '../books/context.ts';
import { touchDevices, touchSubscriptions } from '../desired/touch.ts';
import { settlePhases } from '../lifetime/settle-phase.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { TariffSettings } from './catalogue.ts';
import { findTariff } from './find.ts';
import { checkTariff, toTariffLimits, toTariffRow } from './tariff-settings.ts';
import { loadTariff } from './tariffs.ts';
import type { TariffChange, TariffLimits } from './views.ts';

type Field = keyof TariffLimits;

/** What nodes are told of, per subscription, and per device. */
const toldOfSubscriptions: readonly Field[] = [
  ...(['uploadBitsPerSecond', 'downloadBitsPerSecond', 'speedScope'] as const),
  'throttleBitsPerSecond',
];
// Policy and action are the controller's own, but decided anew when devices change.
const toldOfDevices: readonly Field[] = ['maxConnections', 'seatPolicy', 'sharedKey'];

/** What nodes are granted of a period before it begins goes by these. */
const grantedBeforehand: readonly Field[] = ['volumeBytes', 'period', 'periodDays'];

export function setTariff(context: Context, tariff: string, input: TariffSettings): Promise<TariffChange> {
  return context.store.transaction(async (tx) => {
    const row = await findTariff(tx, tariff);
    const before = toTariffLimits(row);
    const after = completed(before, input);
    checkTariff(after);
    const changed = (Object.keys(input) as Field[]).filter(
      (field) => !isDeepStrictEqual(before[field], after[field]),
    );
    const ids = await loadLiving(tx, 'tariff_id', row.id);
    const waiting = (await loadLiving(tx, 'next_tariff_id', row.id)).length;
    if (ids.length + waiting > 0) {
      refuseUnderSubscriptions(row, before, after, { has: ids.length, waiting });
    }
    await tx.db.updateTable('tariffs').set(toTariffRow(after)).where('id', '=', row.id).execute();
    const concerns = (fields: readonly Field[]) => changed.some((field) => fields.includes(field));
    if (concerns(grantedBeforehand)) await sellInOpenedPeriods(context, tx, row.id, after.volumeBytes);
    if (concerns(['graceSeconds'])) await settlePhases(context, tx, ids);
    if (concerns(toldOfDevices)) await touchDevices(tx, ids);
    if (concerns([...toldOfSubscriptions, ...toldOfDevices])) await touchSubscriptions(context, tx, ids);
    return {
      tariff: await loadTariff(tx, row.id),
      subscriptions: ids.length,
      waiting,
      ...whenInForce(changed, after),
    };
  });
}

/**
 * A period that is not open yet takes its volume from the tariff; the next one of these was opened beforehand. Also of
 * those that come to the tariff with it.
 */
async function sellInOpenedPeriods(
  context: Context,
  tx: Tx,
  tariffId: string,
  volumeBytes: bigint | null,
): Promise<void> {
  const opened = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('periods', 'periods.subscription_id', 'subscriptions.id')
    .where((row) =>
      row.or([
        row.and([row('tariff_id', '=', tariffId), row('next_tariff_id', 'is', null)]),
        row('next_tariff_id', '=', tariffId),
      ]),
    )
    .where('cancelled_at', 'is', null)
    .whereRef('periods.number', '>', 'subscriptions.period')
    .select('subscriptions.id')
    .execute();
  for (const { id } of opened) await changeVolume(context, tx, id, volumeBytes, 'next-period');
}

/** A number of days is of a period in days only, and goes with it. */
function completed(before: TariffLimits, input: TariffSettings): TariffLimits {
  const leavesDays = input.period !== undefined && input.period !== 'days';
  return { ...before, ...(leavesDays && { periodDays: null }), ...input };
}

/** What was sold is theirs until it ends; what they are told of at once costs them nothing that they have paid for. */
function whenInForce(
  changed: readonly Field[],
  { period }: TariffLimits,
): Pick<TariffChange, 'atOnce' | 'fromNextPeriod' | 'fromNextRenewal'> {
  const later: readonly Field[] = ['volumeBytes', 'rollover'];
  const atRenewal: readonly Field[] = period === 'once' ? ['durationDays', ...later] : ['durationDays'];
  const fromNextRenewal = changed.filter((field) => atRenewal.includes(field));
  const fromNextPeriod = changed.filter((field) => later.includes(field) && !fromNextRenewal.includes(field));
  return {
    atOnce: changed.filter((field) => !fromNextRenewal.includes(field) && !fromNextPeriod.includes(field)),
    fromNextPeriod,
    fromNextRenewal,
  };
}

/** What was sold: also to those that change to it with their next period. */
function refuseUnderSubscriptions(
  { name }: Row<'tariffs'>,
  before: TariffLimits,
  after: TariffLimits,
  { has, waiting }: { readonly has: number; readonly waiting: number },
): void {
  const refuse = (field: string, what: string): never => {
    const under = [
      ...(has > 0 ? [`the ${countOf(has)} of ${name}`] : []),
      ...(waiting > 0 ? [`${countOf(waiting)} for which ${name} waits until the next period`] : []),
    ].join(', and ');
    const move = `"turnpike subscription change ID --tariff OTHER"${waiting > 0 ? ', with --when next-period those for which it waits' : ''}`;
    throw new TurnpikeError('conflict', `${field}: ${what} cannot change under ${under}`, {
      field,
      remedy: `add another tariff, and move them with ${move}`,
    });
  };
  if (before.period !== after.period) refuse('period', 'the period');
  if (before.periodDays !== after.periodDays) refuse('periodDays', 'the length of the period');
  if ((before.volumeBytes === null) !== (after.volumeBytes === null)) {
    refuse('volumeBytes', 'whether there is a volume at all');
  }
}

const countOf = (count: number) => (count === 1 ? '1 subscription' : `${count} subscriptions`);

/** Those that have the tariff, or change to it with their next period. */
async function loadLiving(
  tx: Tx,
  column: 'tariff_id' | 'next_tariff_id',
  tariffId: string,
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('subscriptions')
    .where(column, '=', tariffId)
    .where('cancelled_at', 'is', null)
    .select('id')
    .execute();
  return rows.map(({ id }) => id);
}
