import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { recurring } from '../books/recurring.ts';
import { keptMs } from './changes.ts';

const everyMs = 3600_000;

/** Forgets answers after their day. */
export function idempotencyTask(context: Context): Task {
  return recurring(context, {
    name: 'idempotency',
    everyMs,
    trouble: 'answers of long ago could not be forgotten',
    work: () => forgetAnswers(context),
  });
}

export async function forgetAnswers({ store, clock }: Pick<Context, 'store' | 'clock'>): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .deleteFrom('idempotency_keys')
      .where('created_at', '<=', clock.now() - keptMs)
      .execute();
  });
}
