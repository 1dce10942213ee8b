import { Wake } from '../../common/wake.ts';
import type { Context } from '../books/context.ts';

/** A node in contact erases well within this. */
const patienceMs = 3_000;

/** Resolves when all nodes in contact have erased, or after three seconds. */
export async function awaitErased(context: Context, erasureId: string): Promise<void> {
  const { clock, erased } = context;
  const late = new AbortController();
  const answered = new AbortController();
  const wake = new Wake();
  const stop = erased.add(() => wake.set());
  const patience = clock.sleep(patienceMs, answered.signal).then(() => late.abort());
  try {
    while (!late.signal.aborted && (await isAwaited(context, erasureId))) await wake.wait(late.signal);
  } finally {
    stop();
    answered.abort();
    await patience;
  }
}

function isAwaited({ live, store }: Context, erasureId: string): Promise<boolean> {
  return store.transaction(async ({ db }) => {
    const pending = await db
      .selectFrom('tombstones')
      .where('erasure_id', '=', erasureId)
      .select('node_id')
      .distinct()
      .execute();
    return pending.some((row) => live.connected(row.node_id));
  });
}
