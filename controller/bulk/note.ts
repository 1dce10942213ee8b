import type { Origin } from '../audit/audit.ts';
import { recordAudits } from '../audit/record.ts';
import { subjectOf } from '../audit/subject.ts';
import type { Context } from '../books/context.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

/**
 * Writes into the audit log, in the transaction that changed them, which subscriptions a list created, changed or
 * suspended, or had their devices created or changed: one entry for each.
 */
export async function noteChanged(
  { vault, clock }: Pick<Context, 'vault' | 'clock'>,
  tx: Tx,
  { actor, method, route }: Origin,
  subscriptions: Iterable<string>,
): Promise<void> {
  const rows = await selectInChunks([...new Set(subscriptions)], (chunk) =>
    tx.db.selectFrom('subscriptions').where('id', 'in', chunk).select(['id', 'account_id']).execute(),
  );
  const entry = { actor, method, route, at: clock.now(), status: 200 };
  const entries = rows.map(({ id, account_id: account }) => ({
    ...entry,
    subject: subjectOf({ account, subscription: id }),
  }));
  if (entries.length > 0) await recordAudits(vault, tx, entries);
}
