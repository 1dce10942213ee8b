import { randomBytes } from 'node:crypto';
import { encrypt } from '../../common/aes-gcm.ts';
import type { Tx } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
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
export async function recordAudit(vault: Vault, tx: Tx, entry: NewEntry): Promise<void> {
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
    ...(await sealed(vault, tx, subject)),
  };
  await tx.db
    .insertInto('audit')
    .values({ ...row, hash: chainHash(before.hash, row) })
    .execute();
}

async function sealed(vault: Vault, tx: Tx, { accountId, ofAccount }: Subject) {
  if (accountId === undefined) return { account_handle: null, sealed: null };
  const { handle, key } = await accountKey(vault, tx, accountId);
  return { account_handle: handle, sealed: encrypt(key, JSON.stringify(ofAccount)) };
}

/** Made with the account's first entry. Whoever destroys it makes all its entries entries of nobody. */
async function accountKey(vault: Vault, tx: Tx, accountId: string) {
  const known = await tx.db
    .selectFrom('audit_keys')
    .where('account_id', '=', accountId)
    .selectAll()
    .executeTakeFirst();
  if (known !== undefined) return { handle: known.handle, key: openAuditKey(vault, accountId, known.key) };
  const handle = new Uint8Array(randomBytes(8));
  const key = randomBytes(32);
  const sealedKey = vault.seal('audit_keys.key', accountId, key);
  await tx.db.insertInto('audit_keys').values({ account_id: accountId, handle, key: sealedKey }).execute();
  return { handle, key };
}

/** Of the entries of one account. */
export function openAuditKey(vault: Vault, accountId: string, sealedKey: Uint8Array): Uint8Array {
  return vault.openBytes('audit_keys.key', accountId, sealedKey);
}
