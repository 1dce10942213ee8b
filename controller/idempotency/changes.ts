import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { fingerprint, hashOfKey, seal, unseal } from './seal.ts';

export const keptMs = 24 * 3600_000;

/** What a caller gave with a change so that it is made once, however often it is sent. */
export interface Repeatable {
  /** Who calls: each has keys of its own. */
  readonly caller: string;
  /** Known to the caller alone, and stored nowhere; empty where there is none. */
  readonly secret: string;
  /** The Idempotency-Key. */
  readonly key: string;
  /** What was asked for; the same key with anything else is a mistake. */
  readonly request: unknown;
}

export interface Answer {
  readonly status: number;
  /** As JSON has it. */
  readonly body: unknown;
}

export type Outcome =
  | { readonly kind: 'done'; readonly answer: Answer }
  /** Done before; this is what was answered then. */
  | { readonly kind: 'repeated'; readonly answer: Answer }
  /** Done before with this key, but something else. */
  | { readonly kind: 'reused' }
  /** The same is being done right now. */
  | { readonly kind: 'in-flight' }
  /** Done before; the answer was sealed with an API key that has been rotated since. */
  | { readonly kind: 'sealed' };

/** Changes of the books that are asked for from outside. */
export interface Changes {
  /**
   * Makes a change, in one transaction with the note that it was made. What `work` rejects with is passed on and not
   * noted: the transactions of it that rejected are without effect, and the change may be tried again. `record` writes
   * down what was made; when it rejects, nothing was.
   */
  make(
    repeatable: Repeatable | undefined,
    work: () => Promise<Answer>,
    record: (answer: Answer) => Promise<void>,
  ): Promise<Outcome>;
  /** Notes a later answer in place of the first one. */
  amend(repeatable: Repeatable, answer: Answer): Promise<void>;
  /** Everything or nothing of several calls within one change. */
  whole<T>(work: () => Promise<T>): Promise<T>;
}

export function createChanges({ store, clock }: Pick<Context, 'store' | 'clock'>): Changes {
  const inFlight = new Set<string>();
  return {
    whole: (work) => store.together(work),

    make: async (repeatable, work, record) => {
      if (repeatable === undefined) return finish(await store.together(() => attempt(work, record)));
      const name = `${repeatable.caller} ${repeatable.key}`;
      if (inFlight.has(name)) return { kind: 'in-flight' };
      inFlight.add(name);
      try {
        return finish(
          await store.together(async (tx) => {
            const before = await recall(tx, repeatable, clock.now());
            if (before !== undefined) return before;
            const made = await attempt(work, record);
            if (made.kind === 'done') await note(tx, repeatable, made.answer, clock.now());
            return made;
          }),
        );
      } finally {
        inFlight.delete(name);
      }
    },

    amend: (repeatable, answer) =>
      store.transaction(async ({ db }) => {
        const { caller, key } = repeatable;
        await db
          .updateTable('idempotency_keys')
          .set(sealed(repeatable, answer))
          .where('caller', '=', caller)
          .where('key_hash', '=', hashOfKey(caller, key))
          .execute();
      }),
  };
}

interface Refused {
  readonly kind: 'refused';
  readonly error: unknown;
}

/**
 * A call that is refused takes its own part back; what was noted before, such as the event that a limit was reached,
 * outlasts the refusal.
 */
async function attempt(
  work: () => Promise<Answer>,
  record: (answer: Answer) => Promise<void>,
): Promise<Refused | Extract<Outcome, { kind: 'done' }>> {
  let answer: Answer;
  try {
    answer = await work();
  } catch (error) {
    return { kind: 'refused', error };
  }
  await record(answer);
  return { kind: 'done', answer };
}

function finish(outcome: Outcome | Refused): Outcome {
  if (outcome.kind === 'refused') throw outcome.error;
  return outcome;
}

async function recall(tx: Tx, repeatable: Repeatable, now: number): Promise<Outcome | undefined> {
  const { caller, key, secret, request } = repeatable;
  const row = await tx.db
    .selectFrom('idempotency_keys')
    .where('caller', '=', caller)
    .where('key_hash', '=', hashOfKey(caller, key))
    .where('created_at', '>', now - keptMs)
    .selectAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (!Buffer.from(row.fingerprint).equals(fingerprint(key, request))) return { kind: 'reused' };
  const body = unseal(row.answer, key, secret);
  if (body === undefined) return { kind: 'sealed' };
  return {
    kind: 'repeated',
    answer: { status: row.status, body: body === '' ? undefined : JSON.parse(body) },
  };
}

async function note(tx: Tx, repeatable: Repeatable, answer: Answer, now: number): Promise<void> {
  const { caller, key, request } = repeatable;
  const row = {
    caller,
    key_hash: hashOfKey(caller, key),
    fingerprint: fingerprint(key, request),
    ...sealed(repeatable, answer),
    created_at: now,
  };
  // One that is past its time gives its place up.
  await tx.db.replaceInto('idempotency_keys').values(row).execute();
}

function sealed({ key, secret }: Repeatable, { status, body }: Answer) {
  return { status, answer: seal(body === undefined ? '' : JSON.stringify(body), key, secret) };
}
