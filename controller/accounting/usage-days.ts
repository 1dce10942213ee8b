import type { Clock } from '../../common/clock.ts';
import { dayOf } from '../calendar/time-zone.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { NewRow } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { spanOf } from './period-span.ts';

/** By how much a subscription's usage on one node grew in a period. */
export interface Growth {
  readonly subscriptionId: string;
  readonly period: number;
  readonly upload: bigint;
  readonly download: bigint;
}

/**
 * Adds what was just booked to the day of its booking, by the calendar of the subscription's time zone. What is reported
 * of a period that is over is of its last day, so that the days of a period are its bill.
 */
export async function bookDays(
  { clock }: { readonly clock: Clock },
  tx: Tx,
  nodeId: string,
  growths: readonly Growth[],
): Promise<void> {
  if (growths.length === 0) return;
  const times = await loadTimes(tx, growths);
  const now = clock.now();
  const today = new Map<string, string>();
  const dayNow = (timeZone: string) => {
    const day = today.get(timeZone) ?? dayOf(now, timeZone);
    today.set(timeZone, day);
    return day;
  };
  const rows = growths.flatMap(({ subscriptionId, period, upload, download }) => {
    const found = times.get(`${subscriptionId} ${period}`);
    if (found === undefined) return [];
    const { timeZone, startsAt, endsAt } = found;
    const instant = Math.min(endsAt === null ? now : endsAt - 1, Math.max(now, startsAt));
    const day = instant === now ? dayNow(timeZone) : dayOf(instant, timeZone);
    return { subscription_id: subscriptionId, period, day, node_id: nodeId, upload, download };
  });
  await addUp(tx, rows);
}

interface PeriodTimes {
  readonly timeZone: string;
  /** The first period may be used before it: what passes on the day of the first connection is in it. */
  readonly startsAt: number;
  readonly endsAt: number | null;
}

async function loadTimes(tx: Tx, growths: readonly Growth[]): Promise<Map<string, PeriodTimes>> {
  const ids = new Set(growths.map(({ subscriptionId }) => subscriptionId));
  const [first, last] = spanOf(growths);
  const rows = await selectInChunks([...ids], (chunk) =>
    tx.db
      .selectFrom('periods')
      .innerJoin('subscriptions', 'subscriptions.id', 'periods.subscription_id')
      .where('subscription_id', 'in', chunk)
      .where('number', '>=', first)
      .where('number', '<=', last)
      .select(['subscription_id', 'number', 'time_zone', 'periods.starts_at', 'periods.ends_at'])
      .execute(),
  );
  return new Map(
    rows.map((row) => [
      `${row.subscription_id} ${row.number}`,
      { timeZone: row.time_zone, startsAt: row.number === 1 ? 0 : row.starts_at, endsAt: row.ends_at },
    ]),
  );
}

async function addUp(tx: Tx, rows: readonly NewRow<'usage_days'>[]): Promise<void> {
  for (const chunk of chunks(rows, 200)) {
    await tx.db
      .insertInto('usage_days')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['subscription_id', 'period', 'day', 'node_id']).doUpdateSet((row) => ({
          upload: row('usage_days.upload', '+', row.ref('excluded.upload')),
          download: row('usage_days.download', '+', row.ref('excluded.download')),
        })),
      )
      .execute();
  }
}
