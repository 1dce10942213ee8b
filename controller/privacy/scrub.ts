import type { Context } from '../books/context.ts';

/** For the log. */
export const scrubTrouble = 'the files of the database could not be written anew';

/** Writes the files of the database anew, if they may hold something of what was erased. */
export async function scrub({ store }: Pick<Context, 'store'>): Promise<void> {
  const due = await store.transaction(({ db }) =>
    db.selectFrom('erasures').where('unscrubbed', '=', 1).select('id').execute(),
  );
  if (due.length === 0) return;
  await store.scrub();
  await store.transaction(({ db }) =>
    db
      .updateTable('erasures')
      .set({ unscrubbed: 0 })
      .where(
        'id',
        'in',
        due.map(({ id }) => id),
      )
      .execute(),
  );
}
