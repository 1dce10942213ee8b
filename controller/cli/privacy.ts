import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { answerOf } from './client.ts';
import type { InventoryEntry } from './gen/api.ts';
import { diffInventories } from './inventory-diff.ts';
import { addRightsVerbs } from './privacy-rights.ts';
import type { OpenSession } from './session.ts';
import { renderTable } from './table.ts';

export function addPrivacyVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('privacy')
    .description('what is stored of customers, and their rights to it');

  family
    .command('inventory')
    .description('every field that controller and nodes store, with purpose, category and retention')
    .option('--diff <file>', 'what is new or other than in this file, which --json wrote before')
    .action(async ({ diff }: { diff?: string }, command: Command) => {
      const { api, print, terminal } = open(command);
      const inventory = await answerOf(api.GET('/v1/privacy/inventory'));
      if (diff === undefined) return print(inventory, () => inventoryTable(inventory.items));
      const changes = diffInventories(readInventory(diff, await terminal.readText(diff)), inventory.items);
      print({ items: changes }, () =>
        changes.length === 0
          ? 'nothing has changed'
          : renderTable(
              ['', 'where', 'field', 'category', 'kept', 'purpose'],
              changes.map(({ change, ...entry }) => [change, ...rowOf(entry)]),
            ),
      );
    });

  addRightsVerbs(family, open);

  family
    .command('retention')
    .description('what goes by itself after its time, and what the next round of that would forget')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const retention = await answerOf(api.GET('/v1/privacy/retention'));
      print(retention, () =>
        renderTable(
          ['category', 'kept', 'to be forgotten now'],
          retention.items.map(({ category, days, overdue }) => [category, `${days} days`, String(overdue)]),
        ),
      );
    });
}

function inventoryTable(items: readonly InventoryEntry[]): string {
  return renderTable(['where', 'field', 'category', 'kept', 'purpose'], items.map(rowOf));
}

function rowOf(entry: InventoryEntry): string[] {
  const { side, table, field, category, kept, purpose, time, encrypted } = entry;
  const notes = [time === 'day' && 'a day', time === 'exact' && 'a time', encrypted && 'encrypted'];
  const told = notes.filter((note) => note !== false);
  return [
    `${side} ${table}`,
    field,
    category,
    kept,
    told.length === 0 ? purpose : `${purpose} (${told.join(', ')})`,
  ];
}

function readInventory(path: string, text: string): InventoryEntry[] {
  try {
    const { items } = JSON.parse(text) as { items?: InventoryEntry[] };
    if (Array.isArray(items)) return items;
  } catch {
    // Said below.
  }
  throw new TurnpikeError('invalid', `${path} holds no inventory`, {
    remedy: 'give a file that "turnpike --json privacy inventory" wrote',
  });
}
