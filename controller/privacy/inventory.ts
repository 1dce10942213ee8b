import { type CategoryName, categories, type Field, type Fields } from '../../common/inventory/field.ts';
import { journalInventory, nodeFileInventory, settingInventory } from '../../common/inventory/node.ts';
import type { Retention } from '../../common/inventory/retention.ts';
import { controllerFileInventory, storeInventory } from '../store/inventory.ts';

/** One stored field, of the controller or of every node. */
export interface InventoryEntry {
  readonly side: 'controller' | 'node';
  /** A table, or `file`. */
  readonly table: string;
  readonly field: string;
  readonly category: CategoryName;
  readonly purpose: string;
  /** How fine the time is that it holds; null: it holds none. */
  readonly time: 'day' | 'exact' | null;
  /** At rest, under a key that is not in the database. */
  readonly encrypted: boolean;
  /** For how long. */
  readonly kept: string;
}

/** Everything that is stored, in the order of the schema. */
export function listInventory(retention: Retention): InventoryEntry[] {
  const of = (side: InventoryEntry['side'], tables: Readonly<Record<string, Fields>>) =>
    Object.entries(tables).flatMap(([table, fields]) =>
      Object.entries(fields).map(([name, field]) => toEntry(retention, side, table, name, field)),
    );
  return [
    ...of('controller', { ...storeInventory, file: controllerFileInventory }),
    ...of('node', { ...journalInventory, 'setting.value': settingInventory, file: nodeFileInventory }),
  ];
}

function toEntry(
  retention: Retention,
  side: InventoryEntry['side'],
  table: string,
  field: string,
  { category, purpose, time, encrypted }: Field,
): InventoryEntry {
  const kept = keptOf(category, retention);
  return { side, table, field, category, purpose, time: time ?? null, encrypted: encrypted ?? false, kept };
}

function keptOf(name: CategoryName, retention: Retention): string {
  const category = {
    ...categories[name],
    ...(name in retention && { days: retention[name as keyof Retention] }),
  };
  return 'kept' in category ? category.kept : `${category.days} days`;
}
