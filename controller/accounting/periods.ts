import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** A period of a subscription as the ledger needs it. Bytes are counted ones. */
export interface StoredPeriod {
  readonly subscriptionId: string;
  readonly number: number;
  /** The earliest time at which a node can have begun it. */
  readonly usableFrom: number;
  readonly startsAt: number;
  readonly endsAt: number | null;
  /** null: unlimited. */
  readonly volume: bigint | null;
  readonly rollover: boolean;
  readonly carriedIn: bigint;
  readonly withdrawn: bigint;
  readonly reduction: bigint;
  readonly drawn: bigint;
  readonly toldPercent: number;
  readonly toldExhausted: boolean;
}

export interface LoadedPeriods {
  /** From the current one on, or from the one that was asked for; in their order. */
  readonly periods: StoredPeriod[];
  /** What the periods before those needed of the packs. */
  readonly drawnEarlier: bigint;
}

/**
 * By subscription: the current period and the next one, where that was opened; and where `earliest` names a period, all
 * from that one on.
 */
export async function loadPeriods(
  tx: Tx,
  subscriptionIds: readonly string[],
  earliest: ReadonlyMap<string, number>,
): Promise<Map<string, LoadedPeriods>> {
  const loaded = new Map<string, LoadedPeriods>();
  const current = subscriptionIds.filter((id) => !earliest.has(id));
  const rows = await selectInChunks(current, (chunk) =>
    tx.db
      .selectFrom('periods')
      .innerJoin('subscriptions', 'subscriptions.id', 'periods.subscription_id')
      .where('subscription_id', 'in', chunk)
      .whereRef('periods.number', '>=', 'subscriptions.period')
      .orderBy('periods.number')
      .selectAll('periods')
      .execute(),
  );
  for (const [id, first] of earliest) {
    rows.push(
      ...(await tx.db
        .selectFrom('periods')
        .where('subscription_id', '=', id)
        .where('number', '>=', first)
        .orderBy('number')
        .selectAll()
        .execute()),
    );
  }
  const drawn = new Map(
    (await loadDrawn(tx, subscriptionIds)).map((row) => [row.subscription_id, row.drawn]),
  );
  for (const row of rows) {
    const one = loaded.get(row.subscription_id) ?? { periods: [], drawnEarlier: 0n };
    one.periods.push(toPeriod(row));
    loaded.set(row.subscription_id, one);
  }
  for (const [id, { periods }] of loaded) {
    const here = periods.reduce((sum, period) => sum + period.drawn, 0n);
    loaded.set(id, { periods, drawnEarlier: (drawn.get(id) ?? 0n) - here });
  }
  return loaded;
}

function loadDrawn(tx: Tx, subscriptionIds: readonly string[]) {
  return selectInChunks(subscriptionIds, (chunk) =>
    tx.db
      .selectFrom('periods')
      .where('subscription_id', 'in', chunk)
      .groupBy('subscription_id')
      .select((row) => ['subscription_id', row.fn.sum<bigint>('drawn').as('drawn')])
      .execute(),
  );
}

export async function savePeriods(tx: Tx, periods: readonly StoredPeriod[]): Promise<void> {
  for (const period of periods) {
    await tx.db
      .updateTable('periods')
      .set({
        volume: period.volume,
        carried_in: period.carriedIn,
        withdrawn: period.withdrawn,
        reduction: period.reduction,
        drawn: period.drawn,
        told_percent: period.toldPercent,
        told_exhausted: Number(period.toldExhausted),
      })
      .where('subscription_id', '=', period.subscriptionId)
      .where('number', '=', period.number)
      .execute();
  }
}

function toPeriod(row: Row<'periods'>): StoredPeriod {
  return {
    subscriptionId: row.subscription_id,
    number: row.number,
    usableFrom: row.usable_from,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    volume: row.volume,
    rollover: row.rollover === 1,
    carriedIn: row.carried_in,
    withdrawn: row.withdrawn,
    reduction: row.reduction,
    drawn: row.drawn,
    toldPercent: row.told_percent,
    toldExhausted: row.told_exhausted === 1,
  };
}
