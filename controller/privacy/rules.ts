import { sql } from 'kysely';
import type { SettableCategory } from '../../common/inventory/retention.ts';
import { countPrunable, pruneAudit } from '../audit/prune.ts';
import type { Context } from '../books/context.ts';
import { utcDayOf } from '../calendar/utc-day.ts';
import type { Tx } from '../store/store.ts';

/** How what is too old is found, and forgotten. */
export interface Rule {
  count(tx: Tx, before: number): Promise<number>;
  /** At most so many that nobody has to wait for it. @returns how many; 0: there are no more */
  forget(context: Pick<Context, 'vault'>, tx: Tx, before: number, now: number): Promise<number>;
}

const atOnce = 2000;

/** What is restricted stays: its customer may need it. CROSS, so that SQLite begins with the few accounts. */
const isUsed = sql`subscription_id NOT IN (SELECT subscriptions.id FROM accounts
  CROSS JOIN subscriptions ON accounts.id = account_id WHERE restricted_at IS NOT NULL)`;

export const rules: Readonly<Record<SettableCategory, Rule>> = {
  'daily-usage': {
    count: (tx, before) => countWhere(tx, sql`usage_days WHERE day < ${utcDayOf(before)} AND ${isUsed}`),
    forget: (_context, tx, before) =>
      change(
        tx,
        sql`DELETE FROM usage_days WHERE rowid IN
          (SELECT rowid FROM usage_days WHERE day < ${utcDayOf(before)} AND ${isUsed} LIMIT ${atOnce})`,
      ),
  },
  'last-connection': {
    count: (tx, before) =>
      countWhere(tx, sql`devices WHERE last_seen_day < ${utcDayOf(before)} AND ${isUsed}`),
    forget: (_context, tx, before) =>
      change(
        tx,
        sql`UPDATE devices SET last_seen_day = NULL WHERE rowid IN
          (SELECT rowid FROM devices WHERE last_seen_day < ${utcDayOf(before)} AND ${isUsed} LIMIT ${atOnce})`,
      ),
  },
  audit: { count: countPrunable, forget: ({ vault }, ...rest) => pruneAudit(vault, ...rest) },
};

async function countWhere({ db }: Tx, from: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`SELECT count(*) AS count FROM ${from}`.execute(db);
  return Number(rows[0]?.count ?? 0);
}

async function change({ db }: Tx, statement: ReturnType<typeof sql>): Promise<number> {
  const { numAffectedRows } = await statement.execute(db);
  return Number(numAffectedRows ?? 0);
}
