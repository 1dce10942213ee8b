import type { InventoryEntry } from './gen/api.ts';

export type InventoryChange = InventoryEntry & { readonly change: 'new' | 'changed' | 'gone' };

/** What customers are to be told before it is collected (new, changed), and what is no longer. */
export function diffInventories(
  before: readonly InventoryEntry[],
  after: readonly InventoryEntry[],
): InventoryChange[] {
  const old = new Map(before.map((entry) => [nameOf(entry), entry]));
  const names = new Set(after.map(nameOf));
  return [
    ...after.flatMap((entry): InventoryChange[] => {
      const known = old.get(nameOf(entry));
      if (known === undefined) return [{ change: 'new', ...entry }];
      return same(known, entry) ? [] : [{ change: 'changed', ...entry }];
    }),
    ...before
      .filter((entry) => !names.has(nameOf(entry)))
      .map((entry) => ({ change: 'gone' as const, ...entry })),
  ];
}

function nameOf({ side, table, field }: InventoryEntry): string {
  return `${side} ${table} ${field}`;
}

function same(one: InventoryEntry, other: InventoryEntry): boolean {
  return (['category', 'purpose', 'time', 'encrypted', 'kept'] as const).every(
    (key) => one[key] === other[key],
  );
}
