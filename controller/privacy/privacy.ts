import type { Context } from '../books/context.ts';
import { type InventoryEntry, listInventory } from './inventory.ts';
import { findOverdue, type Overdue } from './retention.ts';

/** What is kept of customers, and their rights to it. */
export interface Privacy {
  inventory(): readonly InventoryEntry[];
  /** What the retention job forgets next. */
  overdue(): Promise<Overdue[]>;
}

export function createPrivacy(context: Context): Privacy {
  return {
    inventory: () => listInventory(context.retention),
    overdue: () => findOverdue(context),
  };
}
