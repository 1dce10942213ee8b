import { randomBytes } from 'node:crypto';
import { encrypt } from '../../common/aes-gcm.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
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
export function recordAudit(vault: Vault, tx: Tx, entry: NewEntry): Promise<void> {
  return recordAudits(vault, tx, [entry]);
}

/** Several at once, with few statements. */
export async function recordAudits(vault: Vault, tx: Tx, entries: readonly NewEntry[]): Promise<void> {
  const accounts = new Set(entries.flatMap(({ subject }) => subject.accountId ?? []));
  const keys = await accountKeys(vault, tx, [...accounts]);
  let end = await chainEnd(tx);
  const rows = entries.map((entry) => {
    const { actor, subject } = entry;
    const row = {
      id: end.id + 1,
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
      ...sealed(keys, subject),
    };
    end = { id: row.id, hash: chainHash(end.hash, row) };
    return { ...row, hash: end.hash };
  });
  for (const chunk of chunks(rows, rowsPerStatement)) await tx.db.insertInto('audit').values(chunk).execute();
}

const rowsPerStatement = 100;
const handleBytes = 8;
const keyBytes = 32;

interface AccountKey {
  readonly handle: Uint8Array;
  readonly key: Uint8Array;
}

function sealed(keys: ReadonlyMap<string, AccountKey>, { accountId, ofAccount }: Subject) {
  const found = accountId === undefined ? undefined : keys.get(accountId);
  if (found === undefined) return { account_handle: null, sealed: null };
  return { account_handle: found.handle, sealed: encrypt(found.key, JSON.stringify(ofAccount)) };
}

/** Made with an account's first entry. Whoever destroys it makes all its entries entries of nobody. */
async function accountKeys(
  vault: Vault,
  tx: Tx,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, AccountKey>> {
  const rows = await selectInChunks(accounts, (chunk) =>
    tx.db.selectFrom('audit_keys').where('account_id', 'in', chunk).selectAll().execute(),
  );
  const keys = new Map<string, AccountKey>(
    rows.map(({ account_id: id, handle, key }) => [id, { handle, key: openAuditKey(vault, id, key) }]),
  );
  const missing = accounts.filter((id) => !keys.has(id));
  // All at once: asking for random bytes costs more than the bytes.
  const random = new Uint8Array(randomBytes(missing.length * (handleBytes + keyBytes)));
  const made = missing.map((id, n) => {
    const own = random.slice(n * (handleBytes + keyBytes), (n + 1) * (handleBytes + keyBytes));
    return { id, handle: own.slice(0, handleBytes), key: own.slice(handleBytes) };
  });
  for (const chunk of chunks(made, rowsPerStatement)) {
    const values = chunk.map(({ id, handle, key }) => ({
      ...{ account_id: id, handle },
      key: vault.seal('audit_keys.key', id, key),
    }));
    await tx.db.insertInto('audit_keys').values(values).execute();
  }
  for (const { id, ...key } of made) keys.set(id, key);
  return keys;
}

/** Of the entries of one account. */
export function openAuditKey(vault: Vault, accountId: string, sealedKey: Uint8Array): Uint8Array {
  return vault.openBytes('audit_keys.key', accountId, sealedKey);
}
