import { oneByOne } from '../../common/one-by-one.ts';
import type { Context } from '../books/context.ts';
import { insertDataKey, wrapAnew } from './data-keys.ts';
import { resealAll } from './reseal.ts';
import { newDataKey } from './vault.ts';

type KeysContext = Pick<Context, 'store' | 'vault' | 'envelope' | 'clock'>;

/** Under what secrets are at rest. */
export interface KeyStatus {
  /** Id of the envelope key. */
  readonly envelope: string;
  /** Where it comes from. */
  readonly place: string;
  /** Former ones that are still at hand, because something may be under them. */
  readonly former: readonly string[];
  /** When the data key was made that seals now. */
  readonly sinceAt: number;
  /** Something is under an earlier one still: a rotation was cut short. */
  readonly unfinished: boolean;
}

/** Writes anew, under the latest data key, what is sealed beside the database. */
export type ResealFiles = () => Promise<void>;

export interface Keys {
  status(): Promise<KeyStatus>;
  /**
   * Another data key, under which all secrets are written anew; and, where the envelope key is a file of ours, another
   * one of these. Whenever it is cut short, all can be read, and `finish` does the rest.
   */
  rotate(files: ResealFiles): Promise<KeyStatus>;
  /** Does nothing when no rotation was cut short. */
  finish(files: ResealFiles): Promise<void>;
}

/** Together with what lies beside the database. */
export interface KeysAtMachine {
  status(): Promise<KeyStatus>;
  rotate(): Promise<KeyStatus>;
}

export function createKeys(context: KeysContext): Keys {
  const { store, vault, envelope, clock } = context;
  const inTurn = oneByOne();
  const finish = async (files: ResealFiles) => {
    await resealAll(context);
    await files();
    await store.transaction(({ db }) =>
      db.deleteFrom('data_keys').where('number', '<', vault.latest).execute(),
    );
    vault.dropOld();
  };
  return {
    status: () => readStatus(context),
    rotate: (files) =>
      inTurn(async () => {
        const replaced = await envelope.replace();
        const current = replaced ?? (await envelope.load()).current;
        const key = newDataKey(vault.latest + 1);
        await store.transaction(async (tx) => {
          // There is one: without it nothing was opened.
          if (current === undefined) return;
          await wrapAnew(tx, current, vault.keys());
          await insertDataKey(tx, current, key, clock.now());
          tx.afterCommit(() => vault.add(key));
        });
        await finish(files);
        return readStatus(context);
      }),
    finish: (files) =>
      inTurn(async () => {
        if ((await readStatus(context)).unfinished) await finish(files);
      }),
  };
}

async function readStatus({ store, envelope }: KeysContext): Promise<KeyStatus> {
  const rows = await store.transaction(({ db }) =>
    db.selectFrom('data_keys').orderBy('number', 'desc').selectAll().execute(),
  );
  const { former } = await envelope.load();
  return {
    envelope: rows[0]?.envelope ?? '',
    place: envelope.place,
    former: former.map(({ id }) => id),
    sinceAt: rows[0]?.created_at ?? 0,
    unfinished: rows.length > 1,
  };
}
