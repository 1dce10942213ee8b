import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { columnsOf } from '../../test/unit/columns.ts';
import { storeInventory } from './inventory.ts';
import { openStore } from './store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-inventory-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('every column of the migrated database is in the inventory, and nothing else is', async () => {
  const path = join(directory, 'turnpike.db');
  await (await openStore(path)).close();
  const database = new DatabaseSync(path);
  const found = columnsOf(database);
  database.close();
  // Kysely's own: which migrations were made, and when.
  const { kysely_migration: _made, kysely_migration_lock: _lock, ...ours } = found;
  const annotated = Object.entries(storeInventory).map(([table, fields]) => [
    table,
    Object.keys(fields).sort(),
  ]);
  expect(ours).toEqual(Object.fromEntries(annotated));
});
