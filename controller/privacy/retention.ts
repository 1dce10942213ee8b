import { dayMs } from '../../common/day.ts';
import type { SettableCategory } from '../../common/inventory/retention.ts';
import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { letOthersIn } from '../books/let-others-in.ts';
import { recurring } from '../books/recurring.ts';
import { rules } from './rules.ts';

const everyMs = 3600_000;
/** So many turns at most, in one round of the task: the rest an hour later. */
const mostTurns = 1000;

const categories = Object.keys(rules) as SettableCategory[];

export interface Overdue {
  readonly category: SettableCategory;
  readonly days: number;
  /** How many are older than that. */
  readonly overdue: number;
}

/** What the next round forgets. */
export function findOverdue({ store, clock, retention }: Context): Promise<Overdue[]> {
  return store.transaction(async (tx) => {
    const found: Overdue[] = [];
    for (const category of categories) {
      const days = retention[category];
      const overdue = await rules[category].count(tx, clock.now() - days * dayMs);
      found.push({ category, days, overdue });
    }
    return found;
  });
}

/** Forgets what was kept for its time. */
export async function forgetOverdue(context: Context): Promise<void> {
  const { store, clock, retention, figures } = context;
  for (const category of categories) {
    for (let turn = 0; turn < mostTurns; turn++) {
      const now = clock.now();
      const before = now - retention[category] * dayMs;
      const forgotten = await store.transaction((tx) => rules[category].forget(context, tx, before, now));
      figures.forgotten[category] += forgotten;
      if (forgotten === 0) break;
      await letOthersIn();
    }
  }
}

export function retentionTask(context: Context): Task {
  return recurring(context, {
    name: 'retention',
    everyMs,
    trouble: 'what was kept for its time could not be forgotten',
    work: () => forgetOverdue(context),
  });
}
