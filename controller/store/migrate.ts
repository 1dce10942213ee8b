import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { TurnpikeError } from '../../common/errors.ts';
import * as first from './migrations/0001-first.ts';
import type { Schema } from './schema.ts';

/** In the order of their names. One that was released is never edited again: the next change is the next file. */
const migrations: Record<string, Migration> = { '0001-first': first };

/**
 * Brings the database up to this program.
 * @throws TurnpikeError `environment` when a newer program has written it.
 */
export async function migrate(db: Kysely<Schema>, path: string): Promise<void> {
  const newest = await newestApplied(db);
  if (newest !== undefined && !(newest in migrations)) {
    throw new TurnpikeError('environment', `the database ${path} was written by a newer version`, {
      remedy: 'start that version or a later one, or restore a backup from before the upgrade',
    });
  }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function newestApplied(db: Kysely<Schema>): Promise<string | undefined> {
  const known = await sql`SELECT 1 FROM sqlite_master WHERE name = 'kysely_migration'`.execute(db);
  if (known.rows.length === 0) return undefined;
  const names = await sql<{
    name: string;
  }>`SELECT name FROM kysely_migration ORDER BY name DESC LIMIT 1`.execute(db);
  return names.rows[0]?.name;
}
