import { dayMs } from '../../common/day.ts';
import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { recurring } from '../books/recurring.ts';
import type { Backups, ReadFiles } from './backups.ts';
import { findAway, forgetBackups, listAway } from './known.ts';
import { forgetRemoved } from './removals.ts';
import { readKeyId } from './sealed-file.ts';
import { clearShelf, listShelf } from './shelf.ts';

const hourMs = 3600_000;

/** Makes backups when it is time, removes those that were kept for theirs, and what was kept because of them. */
export function backupTask(context: Context, { create }: Backups, files: ReadFiles): Task {
  return recurring(context, {
    name: 'backups',
    everyMs: hourMs,
    trouble: 'backups could not be looked after',
    work: async () => {
      const { backups, clock } = context;
      // One of a time that is to come was made while the clock was ahead.
      const last = (await listShelf(backups.directory)).findLast(({ createdAt }) => createdAt <= clock.now());
      const dueAt = (last?.createdAt ?? 0) + (backups.everyHours ?? Number.POSITIVE_INFINITY) * hourMs;
      if (clock.now() >= dueAt) await create(files);
      await forgetOld(context);
    },
  });
}

export async function forgetOld(context: Context): Promise<void> {
  const { store, clock, log, backups } = context;
  const before = clock.now() - backups.keepDays * dayMs;
  const gone = await clearShelf(backups.directory, before);
  if (gone.length > 0) log.info({ backups: gone }, 'backups were kept for their time');
  const shelf = await listShelf(backups.directory);
  await store.transaction(async (tx) => {
    await forgetBackups(tx, before);
    const left = [...shelf, ...(await findAway(context, tx, shelf))].map(({ createdAt }) => createdAt);
    await forgetRemoved(tx, clock.now(), left.length > 0 ? Math.min(...left) : undefined);
  });
  await context.removals.keep();
  await forgetKeys(context);
}

/** Former envelope keys, once nothing is under them. */
async function forgetKeys(context: Context): Promise<void> {
  const { store, envelope, backups } = context;
  // Under which key those are that are not there, nobody can look.
  if ((await listAway(context)).length > 0) return;
  const rows = await store.transaction(({ db }) => db.selectFrom('data_keys').select('envelope').execute());
  const needed = new Set(rows.map((row) => row.envelope));
  for (const { path } of await listShelf(backups.directory)) needed.add(await readKeyId(path));
  for (const { id } of (await envelope.load()).former) if (!needed.has(id)) await envelope.forget(id);
}
