import { sql } from 'kysely';
import { allowancePerDevice } from '../../common/allowance.ts';
import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { letOthersIn } from '../books/let-others-in.ts';
import { recurring } from '../books/recurring.ts';
import { countedDevices } from '../catalogue/device-limit.ts';
import { grantPolicy } from '../ledger/policy.ts';
import type { Tx } from '../store/store.ts';
import { sweepPeriods } from './period-sweep.ts';
import { turnLedger } from './turn.ts';

/** A period begins at most so late here; nodes turn by themselves. */
const periodsEveryMs = 1_000;
/** Beside those that ended lately, which are looked at each time: what makes an old one turn is seldom, and may wait a minute. */
const allPeriodsEvery = 60;
const lateMs = 3600_000;
/** A node that starves waits for it at most so long. */
const grantsEveryMs = 5_000;
/** Idle grants are not in a hurry. */
const idleEvery = 12;
/** Of a hundred thousand subscriptions on a few nodes; each takes some milliseconds, and others come between. */
const looksAtOnce = 1_000;

/** Looks after subscriptions in whose ledger nothing happens by itself. */
export function sweepTasks(context: Context): Task[] {
  return [
    recurring(context, {
      name: 'period sweep',
      everyMs: periodsEveryMs,
      trouble: 'the period sweep failed',
      work: (round) =>
        sweepPeriods(context, round % allPeriodsEvery === 0 ? 0 : context.clock.now() - lateMs),
    }),
    recurring(context, {
      name: 'grant sweep',
      everyMs: grantsEveryMs,
      trouble: 'the grant sweep failed',
      work: async (round) => {
        await sweepWanting(context);
        await sweepTaking(context);
        // Not at the start: nothing has lain idle for long by then.
        if (round % idleEvery === idleEvery - 1) await sweepIdle(context);
      },
    }),
  ];
}

/** Grants what is wanted still, and recalls for those that starve. */
export async function sweepWanting(context: Context): Promise<void> {
  await context.store.transaction(async (tx) => {
    const rows = await tx.db
      .selectFrom('grants')
      .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
      .where('wanting', '=', sql.lit(1))
      .whereRef('grants.period', '=', 'subscriptions.period')
      .select('subscription_id')
      .execute();
    await turnLedger(context, tx, [...new Set(rows.map((row) => row.subscription_id))]);
  });
}

/** Recalls again what volume is to be taken of. */
async function sweepTaking(context: Context): Promise<void> {
  await context.store.transaction(async (tx) => {
    const refunds = await tx.db
      .selectFrom('adjustments')
      .where('pending', '=', sql.lit(1))
      .select('subscription_id')
      .execute();
    const reductions = await tx.db
      .selectFrom('periods')
      .where('reduction', '>', sql.lit(0n))
      // After the turn it is only not carried over. With the plus, SQLite begins with the few that are reduced.
      .where(sql`+turned`, '=', sql.lit(0))
      .select('subscription_id')
      .execute();
    await turnLedger(context, tx, [
      ...new Set([...refunds, ...reductions].map((row) => row.subscription_id)),
    ]);
  });
}

/** Recalls what has lain idle for the holding time. */
export async function sweepIdle(context: Context): Promise<void> {
  const { activity, store } = context;
  let goesOn = true;
  for (let first = 1; goesOn; first += looksAtOnce) {
    if (first > 1) await letOthersIn();
    goesOn = await store.transaction(async (tx) => {
      const idle = await idleAmong(context, tx, first);
      await turnLedger(context, tx, idle);
      const { last } = await tx.db
        .selectFrom('grants')
        .select(sql<bigint | null>`max(rowid)`.as('last'))
        .executeTakeFirstOrThrow();
      return last !== null && last >= first + looksAtOnce;
    });
  }
  activity.forget(2 * grantPolicy.holdingMs);
}

/** Of so many grants, from that row on, the subscriptions of those that have lain idle. */
async function idleAmong({ activity }: Context, tx: Tx, first: number): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('grants')
    .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
    .where(sql<boolean>`grants.rowid BETWEEN ${first} AND ${first + looksAtOnce - 1}`)
    .whereRef('grants.period', '=', 'subscriptions.period')
    .where('ended', '=', 0)
    .where('recall_answered', '=', (row) => row.ref('recall'))
    // Told apart by the database: nearly all of a large fleet hold their allowance and no more.
    .where(sql<boolean>`granted - used - written_off - released > ${allowancePerDevice} * (
      CASE allowance WHEN 1 THEN ${countedDevices} ELSE 0 END)`)
    .select(['subscription_id', 'node_id'])
    .execute();
  const due = rows.filter(
    (row) => activity.sinceUseMs(row.subscription_id, row.node_id) >= grantPolicy.holdingMs,
  );
  return [...new Set(due.map((row) => row.subscription_id))];
}
