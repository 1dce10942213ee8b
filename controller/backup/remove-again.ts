import { refuseIdentity } from '../accounting/quarantine.ts';
import type { Context } from '../books/context.ts';
import { endNode } from '../catalogue/nodes.ts';
import { eraseAgain } from '../privacy/erase.ts';
import { restrictAgain } from '../privacy/restrict.ts';
import { scrub } from '../privacy/scrub.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { hashOfSecret, identitySubject, keepRemoval, type Removal, type Removals } from './removals.ts';

/** What had come back with a backup and was taken away again; names, but of accounts. */
export interface RemovedAgain {
  readonly accounts: number;
  /** How many accounts are kept and not used again. */
  readonly restricted: number;
  readonly nodes: readonly string[];
  /** Nodes whose machine that the backup knows may no longer connect: they joined anew since, or were quarantined. */
  readonly toJoin: readonly string[];
  readonly apiKeys: readonly string[];
  /** API keys that were rotated since: what the backup knows of them is refused, and nobody knows another one. */
  readonly toRotate: readonly string[];
}

/** After a restore, in the new term: all of it together, so that nothing of it is in force with the rest missing. */
export async function removeAgain(context: Context, { erasures, removals }: Removals): Promise<RemovedAgain> {
  const removed = await context.store.transaction(async (tx) => {
    // First, so that the list goes on: there may be backups that are older still.
    for (const removal of removals) await keepRemoval(tx, removal);
    let accounts = 0;
    for (const erasure of erasures) accounts += await eraseAgain(context, tx, erasure);
    const nodes = await endNodes(context, tx, subjects(removals, 'node'));
    return {
      accounts,
      restricted: await restrictAgain(context, tx, subjects(removals, 'restriction')),
      nodes,
      toJoin: await refuseIdentities(context, tx, subjects(removals, 'identity')),
      apiKeys: await removeKeys(tx, subjects(removals, 'api-key')),
      toRotate: await endSecrets(context, tx, subjects(removals, 'api-key-secret')),
    };
  });
  await scrub(context);
  return removed;
}

function subjects(removals: readonly Removal[], kind: Removal['kind']): ReadonlyMap<string, number> {
  return new Map(removals.filter((one) => one.kind === kind).map(({ subject, at }) => [subject, at]));
}

async function endNodes(context: Context, tx: Tx, removed: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await tx.db.selectFrom('nodes').where('removed_at', 'is', null).selectAll().execute();
  const back = rows.filter(({ id }) => removed.has(id));
  for (const node of back) await endNode(context, tx, node);
  return back.map(({ name }) => name).sort();
}

async function refuseIdentities(
  { clock }: Context,
  tx: Tx,
  ended: ReadonlyMap<string, number>,
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('incarnations')
    .innerJoin('nodes', 'nodes.id', 'node_id')
    .where('ended_at', 'is', null)
    .where('quarantined_at', 'is', null)
    .select(['name', 'node_id as nodeId', 'incarnations.incarnation'])
    .execute();
  const back = rows.filter((row) => ended.has(identitySubject(row)));
  for (const identity of back) await refuseIdentity(tx, identity, clock.now());
  return back.map(({ name }) => name).sort();
}

async function removeKeys({ db }: Tx, removed: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await db.selectFrom('api_keys').select(['id', 'name']).orderBy('name').execute();
  const back = rows.filter(({ id }) => removed.has(id));
  for (const { id } of back) await db.deleteFrom('api_keys').where('id', '=', id).execute();
  return back.map(({ name }) => name);
}

/** The key stays, with its scopes and its budget; it is as after a rotation of which nobody heard the answer. */
async function endSecrets(
  { clock }: Context,
  { db }: Tx,
  ended: ReadonlyMap<string, number>,
): Promise<string[]> {
  const names: string[] = [];
  for (const row of await db.selectFrom('api_keys').selectAll().orderBy('name').execute()) {
    const now = secretsLeft(row, ended, clock.now());
    if (now === undefined) continue;
    await db.updateTable('api_keys').set(now).where('id', '=', row.id).execute();
    if (row.hash !== null && now.hash === null) names.push(row.name);
  }
  return names;
}

type Secrets = Pick<Row<'api_keys'>, 'hash' | 'previous_hash' | 'previous_until'>;

/** undefined: as they are. */
function secretsLeft(row: Secrets, ended: ReadonlyMap<string, number>, now: number): Secrets | undefined {
  const endOf = (hash: Uint8Array | null) => (hash === null ? undefined : ended.get(hashOfSecret(hash)));
  const end = endOf(row.hash);
  if (end !== undefined) return { hash: null, ...until(row.hash, end, now) };
  const previousEnd = endOf(row.previous_hash);
  if (previousEnd === undefined) return undefined;
  return { hash: row.hash, ...until(row.previous_hash, Math.min(previousEnd, row.previous_until ?? 0), now) };
}

function until(hash: Uint8Array | null, end: number, now: number): Omit<Secrets, 'hash'> {
  return end > now
    ? { previous_hash: hash, previous_until: end }
    : { previous_hash: null, previous_until: null };
}
