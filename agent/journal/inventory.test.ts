import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { journalInventory } from '../../common/inventory/node.ts';
import { columnsOf } from '../../test/unit/columns.ts';
import { journalFile, openJournal } from './journal.ts';

it('every column of the journal is in the inventory, and nothing else is', () => {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-inventory-'));
  try {
    openJournal(directory, { nodeId: 'nod_0000000000000001', incarnation: 1 }).close();
    const database = new DatabaseSync(join(directory, journalFile));
    const found = columnsOf(database);
    database.close();
    const annotated = Object.entries(journalInventory).map(([table, fields]) => [
      table,
      Object.keys(fields).sort(),
    ]);
    expect(found).toEqual(Object.fromEntries(annotated));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
