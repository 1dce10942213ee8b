import { randomBytes } from 'node:crypto';
import { encrypt } from '../../common/aes-gcm.ts';
import type { Tx } from '../store/store.ts';
import { chainEnd, chainHash } from './chain.ts';
import type { Subject } from './subject.ts';

/** Who did something. */
export interface Actor {
  /** Id of an API key; `socket`, `controller` or `unknown`. */
  readonly id: string;
  /** Of the API key. */
  readonly name?: string;
  /** The Unix user behind the socket, where the kernel told. */
  readonly uid?: number | undefined;
}

export interface NewEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly actor: Actor;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  /** The last part of the problem's type; undefined: it was done. */
  readonly problem?: string | undefined;
  readonly times?: number;
  readonly subject: Subject;
}

/** Adds to the log, in the transaction of what was done: there is none of both without the other. */
export async function recordAudit(tx: Tx, entry: NewEntry): Promise<void> {
  const { actor, subject } = entry;
  const before = await chainEnd(tx);
  const row = {
    id: before.id + 1,
    at: entry.at,
    actor: actor.id,
    actor_name: actor.name ?? null,
    uid: actor.uid ?? null,
    method: entry.method,
    route: entry.route,
    status: entry.status,
    problem: entry.problem ?? null,
    times: entry.times ?? 1,
    subject: JSON.stringify(subject.own),
    ...(await sealed(tx, subject)),
  };
  await tx.db
    .insertInto('audit')
    .values({ ...row, hash: chainHash(before.hash, row) })
    .execute();
}

async function sealed(tx: Tx, { accountId, ofAccount }: Subject) {
  if (accountId === undefined) return { account_handle: null, sealed: null };
  const { handle, key } = await accountKey(tx, accountId);
  return { account_handle: handle, sealed: encrypt(key, JSON.stringify(ofAccount)) };
}

/** Made with the account's first entry. Whoever destroys it makes all its entries entries of nobody. */
async function accountKey(tx: Tx, accountId: string) {
  const known = await tx.db
    .selectFrom('audit_keys')
    .where('account_id', '=', accountId)
    .selectAll()
    .executeTakeFirst();
  if (known !== undefined) return known;
  const made = {
    account_id: accountId,
    handle: new Uint8Array(randomBytes(8)),
    key: new Uint8Array(randomBytes(32)),
  };
  await tx.db.insertInto('audit_keys').values(made).execute();
  return made;
}
