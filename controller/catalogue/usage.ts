import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { countedBytes } from '../ledger/row.ts';
import type { Tx } from '../store/store.ts';
import { findSubscription } from './find.ts';
import { loadSubscription } from './subscription-view.ts';
import type { PeriodUsage, Usage, UsageLine } from './views.ts';

/** Of the current period, unless told. */
export function getUsage(
  { store }: Context,
  subscriptionId: string,
  input: { period?: number } = {},
): Promise<Usage> {
  return store.transaction(async (tx) => {
    await findSubscription(tx, subscriptionId);
    const subscription = await loadSubscription(tx, subscriptionId);
    const periods = await loadPeriodUsage(tx, subscriptionId);
    const number = input.period ?? subscription.period;
    const period = periods.find((one) => one.period === number);
    if (period === undefined && input.period !== undefined) throw noPeriod(subscription, number);
    const devices = await loadByDevice(tx, subscriptionId, number);
    const { volumeBytes, remainingBytes } = number === subscription.period ? subscription : past(period);
    return {
      subscriptionId,
      period: number,
      uploadBytes: sum(devices.map(({ uploadBytes }) => uploadBytes)),
      downloadBytes: sum(devices.map(({ downloadBytes }) => downloadBytes)),
      usedBytes: period?.usedBytes ?? 0n,
      throttledBytes: period?.throttledBytes ?? 0n,
      writtenOffBytes: period?.writtenOffBytes ?? 0n,
      countedBytes: period?.countedBytes ?? 0n,
      volumeBytes,
      remainingBytes,
      devices,
      nodes: await loadByNode(tx, subscriptionId, number),
      periods,
    };
  });
}

export function noPeriod({ id, period }: { id: string; period: number }, number: number): TurnpikeError {
  return new TurnpikeError('not_found', `subscription ${id} has no period ${number}`, {
    remedy: `its periods are 1 to ${period}`,
  });
}

/** Of a period that is over nothing remains. */
function past(period: PeriodUsage | undefined) {
  const volumeBytes = period?.volumeBytes ?? null;
  return { volumeBytes, remainingBytes: volumeBytes === null ? null : 0n };
}

/** Those that have begun, in their order. */
async function loadPeriodUsage(tx: Tx, subscriptionId: string): Promise<PeriodUsage[]> {
  const periods = await tx.db
    .selectFrom('periods')
    .innerJoin('subscriptions', 'subscriptions.id', 'periods.subscription_id')
    .where('periods.subscription_id', '=', subscriptionId)
    .whereRef('periods.number', '<=', 'subscriptions.period')
    .orderBy('periods.number')
    .selectAll('periods')
    .execute();
  const grants = await tx.db
    .selectFrom('grants')
    .where('subscription_id', '=', subscriptionId)
    .select(['period', 'multiplier', 'used', 'throttled', 'written_off'])
    .execute();
  const rows = Map.groupBy(grants, ({ period }) => period);
  return periods.map((row) => {
    const here = rows.get(row.number) ?? [];
    return {
      period: row.number,
      startsAt: row.starts_at,
      endsAt: row.ends_at,
      volumeBytes: row.volume === null ? null : row.volume + row.carried_in - row.withdrawn + row.drawn,
      usedBytes: sum(here.map(({ used }) => used)),
      throttledBytes: sum(here.map(({ throttled }) => throttled)),
      writtenOffBytes: sum(here.map(({ written_off }) => written_off)),
      countedBytes: sum(
        here.map(({ used, throttled, multiplier }) =>
          countedBytes({ multiplier: BigInt(multiplier) }, used - throttled),
        ),
      ),
    };
  });
}

function loadByDevice(tx: Tx, subscriptionId: string, period: number): Promise<UsageLine[]> {
  return tx.db
    .selectFrom('devices')
    .innerJoin('usage', 'usage.device_id', 'devices.id')
    .where('devices.subscription_id', '=', subscriptionId)
    .where('usage.period', '=', period)
    .groupBy(['devices.id', 'devices.label', 'devices.created_at'])
    .orderBy('devices.created_at')
    .orderBy('devices.id')
    .select((row) => [
      'devices.id',
      'devices.label as name',
      row.fn.sum<bigint>('usage.upload').as('uploadBytes'),
      row.fn.sum<bigint>('usage.download').as('downloadBytes'),
    ])
    .execute();
}

function loadByNode(tx: Tx, subscriptionId: string, period: number): Promise<UsageLine[]> {
  return tx.db
    .selectFrom('devices')
    .innerJoin('usage', 'usage.device_id', 'devices.id')
    .innerJoin('nodes', 'nodes.id', 'usage.node_id')
    .where('devices.subscription_id', '=', subscriptionId)
    .where('usage.period', '=', period)
    .groupBy(['nodes.id', 'nodes.name', 'nodes.created_at'])
    .orderBy('nodes.created_at')
    .orderBy('nodes.id')
    .select((row) => [
      'nodes.id',
      'nodes.name',
      row.fn.sum<bigint>('usage.upload').as('uploadBytes'),
      row.fn.sum<bigint>('usage.download').as('downloadBytes'),
    ])
    .execute();
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
