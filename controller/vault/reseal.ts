import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import { type SealedColumn, sealedColumns, sealedUnder } from './vault.ts';

/** A transaction holds up reports for as long as it takes. */
const atOnce = 200;

/** Writes anew, under the latest data key, every cell that is under an earlier one. */
export async function resealAll(context: Pick<Context, 'store' | 'vault' | 'clock'>): Promise<void> {
  for (const field of Object.keys(sealedColumns) as SealedColumn[]) {
    let after: bigint | undefined = 0n;
    while (after !== undefined) {
      after = await resealSome(context, field, after);
      // A transaction after another, without this, leaves nobody a turn: SQLite answers at once.
      await context.clock.sleep(1);
    }
  }
}

/** @returns after which row to go on; undefined when there is none */
function resealSome(
  { store, vault }: Pick<Context, 'store' | 'vault'>,
  field: SealedColumn,
  after: bigint,
): Promise<bigint | undefined> {
  const [table = '', column = ''] = field.split('.');
  return store.transaction(async ({ db }) => {
    const { rows } = await sql<{ at: bigint; id: unknown; sealed: Uint8Array }>`
      SELECT rowid + 0 AS at, ${sql.ref(sealedColumns[field])} AS id, ${sql.ref(column)} AS sealed
      FROM ${sql.table(table)} WHERE rowid > ${after} AND ${sql.ref(column)} IS NOT NULL
      ORDER BY rowid LIMIT ${atOnce}`.execute(db);
    for (const { at, id, sealed } of rows) {
      if (sealedUnder(sealed) === vault.latest) continue;
      const row = String(id);
      const anew = vault.seal(field, row, vault.openBytes(field, row, sealed));
      await sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${anew} WHERE rowid = ${at}`.execute(db);
    }
    return rows.length < atOnce ? undefined : rows.at(-1)?.at;
  });
}
