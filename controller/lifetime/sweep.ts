import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { recurring } from '../books/recurring.ts';
import { loadHold } from '../hold/hold.ts';
import type { Tx } from '../store/store.ts';
import { settlePhases } from './settle-phase.ts';

/** A connected node hears of a start, and of an end that it did not cut by itself, at most so much later. */
const everyMs = 1000;
/** Many end at the same midnight, and a transaction holds up reports for as long as it takes. */
const atOnce = 200;

/** Starts and ends subscriptions when it is time. */
export function lifetimeTask(context: Context): Task {
  return recurring(context, {
    name: 'starts and ends of subscriptions',
    everyMs,
    trouble: 'starts and ends of subscriptions could not be looked after',
    work: () => sweepLifetimes(context),
  });
}

export async function sweepLifetimes(context: Context): Promise<void> {
  for (;;) {
    const count = await context.store.transaction(async (tx) => {
      const ids = await findDue(tx, context.clock.now(), (await loadHold(tx)) !== undefined);
      if (ids.length > 0) await settlePhases(context, tx, ids);
      return ids.length;
    });
    if (count < atOnce) return;
  }
}

/** @param held whoever renewed since the backup seems to end */
async function findDue(tx: Tx, now: number, held: boolean): Promise<string[]> {
  const due = (phase: 'waiting' | 'running' | 'grace') =>
    tx.db.selectFrom('subscriptions').where('phase', '=', phase).select('subscriptions.id').limit(atOnce);
  const starting = await due('waiting').where('starts_at', '<=', now).execute();
  if (held) return starting.map(({ id }) => id);
  const lapsing = await due('waiting').where('expires_at', '<=', now).execute();
  const expiring = await due('running').where('expires_at', '<=', now).execute();
  const ending = await due('grace')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where((row) => row(row('expires_at', '+', row('grace_seconds', '*', 1000)), '<=', now))
    .execute();
  const ids = [...starting, ...lapsing, ...expiring, ...ending].map(({ id }) => id);
  return [...new Set(ids)].slice(0, atOnce);
}
