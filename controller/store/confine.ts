import type { Store, Tx } from './store.ts';

/** The same store for somebody who may see and change accounts with one tag alone: each transaction says so. */
export function confine(store: Store, tag: string): Store {
  const within =
    <T>(work: (tx: Tx) => Promise<T>) =>
    (tx: Tx) =>
      work(confineTx(tx, tag));
  return {
    transaction: (work) => store.transaction(within(work)),
    together: (work) => store.together(within(work)),
    scrub: () => store.scrub(),
    serialize: () => store.serialize(),
    onEvent: (listener) => store.onEvent(listener),
    onRevision: (listener) => store.onRevision(listener),
    close: () => store.close(),
  };
}

/** The same transaction for somebody who may see accounts with one tag alone; undefined: all. */
export function confineTx({ db, revision, afterCommit, eventRecorded }: Tx, tag: string | undefined): Tx {
  return { db, revision, afterCommit, eventRecorded, tag };
}
