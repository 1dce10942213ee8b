import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { openNextPeriod, turnPeriod } from './begin-period.ts';
import { endOfService } from './end-of-service.ts';
import { turnLedger } from './turn.ts';

/** A transaction holds up reports for as long as it takes. */
const atOnce = 100;

/** Milliseconds since 1970, without the first. */
interface Span {
  readonly after: number;
  readonly until: number;
}

/**
 * Ends packs and begins periods that are due, and opens the next ones as long beforehand as nodes may be on their own. Of
 * periods that ended before `after`, those of a service that ended with them do not turn: of many years' customers they are many.
 */
export async function sweepPeriods(context: Context, after = 0): Promise<void> {
  const { clock, validitySeconds } = context;
  await expirePacks(context);
  await inBatches(context, ended, { after, until: clock.now() }, (tx, id) =>
    turnPeriod(context, tx, id, clock.now()),
  );
  await inBatches(context, ending, { after, until: clock.now() + validitySeconds * 1000 }, (tx, id) =>
    openNextPeriod(context, tx, id),
  );
}

async function inBatches(
  { store }: Context,
  select: (tx: Tx, span: Span) => Promise<string[]>,
  span: Span,
  work: (tx: Tx, subscriptionId: string) => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const done = await store.transaction(async (tx) => {
      const ids = await select(tx, span);
      for (const id of ids) await work(tx, id);
      return ids.length;
    });
    if (done < atOnce) return;
  }
}

/** What is left of a pack is gone with its expiry; what nodes hold of it, once they have given it back. */
async function expirePacks(context: Context): Promise<void> {
  const { clock, store } = context;
  await store.transaction(async (tx) => {
    const due = await tx.db
      .updateTable('adjustments')
      .set({ expired: 1 })
      .where('expires_at', '<=', clock.now())
      .where('expired', '=', sql.lit(0))
      .returning('subscription_id')
      .execute();
    const ids = [...new Set(due.map((row) => row.subscription_id))];
    await turnLedger(context, tx, ids, { reclaim: true });
  });
}

/** Subscriptions whose current period is over, and whose service outlasted it: as {@link turnPeriod} turns them. */
async function ended(tx: Tx, span: Span): Promise<string[]> {
  const until = await endOfService(tx);
  const rows = await selectUnturned(tx, span)
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    .where((row) => row.or([row(until, 'is', null), row('periods.ends_at', '<', until)]))
    .execute();
  return rows.map((row) => row.subscription_id);
}

/** Subscriptions whose current period ends soon, and whose next one is not open. */
async function ending(tx: Tx, span: Span): Promise<string[]> {
  const rows = await selectUnturned(tx, span)
    // A renewal begins a period anew.
    .where('subscriptions.phase', '!=', 'over')
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('periods as next')
            .whereRef('next.subscription_id', '=', 'periods.subscription_id')
            .whereRef('next.number', '>', 'periods.number')
            .select('next.number'),
        ),
      ),
    )
    .execute();
  return rows.map((row) => row.subscription_id);
}

function selectUnturned(tx: Tx, { after, until }: Span) {
  return tx.db
    .selectFrom('periods')
    .innerJoin('subscriptions', 'subscriptions.id', 'periods.subscription_id')
    .where('periods.turned', '=', sql.lit(0))
    .where('periods.ends_at', '>', after)
    .where('periods.ends_at', '<=', until)
    .whereRef('periods.number', '=', 'subscriptions.period')
    .where('subscriptions.cancelled_at', 'is', null)
    .orderBy('periods.ends_at')
    .limit(atOnce)
    .select('periods.subscription_id');
}
