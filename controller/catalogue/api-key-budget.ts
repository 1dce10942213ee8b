import { TurnpikeError } from '../../common/errors.ts';
import type { Tx } from '../store/store.ts';

/** What top-ups with this key have added so far. */
export async function loadSpent(tx: Tx, keyId: string): Promise<bigint> {
  const { spent } = await tx.db
    .selectFrom('adjustments')
    .where('api_key_id', '=', keyId)
    .select((row) => row.fn.sum<bigint | null>('bytes').as('spent'))
    .executeTakeFirstOrThrow();
  const { erased_spent_bytes: erased } = await tx.db
    .selectFrom('api_keys')
    .where('id', '=', keyId)
    .select('erased_spent_bytes')
    .executeTakeFirstOrThrow();
  return (spent ?? 0n) + erased;
}

/** Whose top-up it is, where not everybody may add what they like. */
export interface Spender {
  readonly keyId: string;
  readonly keyName: string;
  /** What top-ups with the key may add, ever. */
  readonly budgetBytes: bigint;
}

/**
 * Notes whose top-up this adjustment is, in its transaction.
 * @throws TurnpikeError `exhausted` past the budget
 */
export async function spend(tx: Tx, adjustmentId: string, spender: Spender): Promise<void> {
  const { keyId, keyName, budgetBytes } = spender;
  await tx.db.updateTable('adjustments').set({ api_key_id: keyId }).where('id', '=', adjustmentId).execute();
  const spent = await loadSpent(tx, keyId);
  if (spent <= budgetBytes) return;
  throw new TurnpikeError(
    'exhausted',
    `the API key "${keyName}" may add ${budgetBytes} bytes in all, and this would make it ${spent}`,
    { remedy: `on the controller: turnpike api-key set ${keyName} --budget SIZE` },
  );
}
