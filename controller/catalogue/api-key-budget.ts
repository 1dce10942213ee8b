import { formatSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import type { Seller } from './reach.ts';
import { loadSold, type Sold } from './sold.ts';

/** What was to be sold is more than is left of a budget. */
export class BudgetError extends TurnpikeError {
  readonly budgetBytes: bigint;
  /** Of the budget, before this. */
  readonly leftBytes: bigint;

  constructor({ keyName }: Seller, budgetBytes: bigint, leftBytes: bigint, wanted: bigint) {
    super(
      'exhausted',
      `this sells ${formatSize(wanted)} (${wanted} bytes); the API key "${keyName}" may sell ${budgetBytes} bytes in all, of which ${leftBytes} are left`,
      { remedy: `on the controller: turnpike api-key set ${keyName} --budget SIZE` },
    );
    this.budgetBytes = budgetBytes;
    this.leftBytes = leftBytes;
  }
}

/**
 * Does what may sell volume, and takes what it sold from the seller's budget: in one transaction, and not at all where
 * less is left. Where another call has the same budget, it comes before or after.
 * @param subscription to which is sold; undefined: to a new one, which `idOf` knows of the result
 */
export async function sell<Result>(
  { store, seller }: Pick<Context, 'store' | 'seller'>,
  subscription: string | undefined,
  work: () => Promise<Result>,
  idOf: (result: Result) => string | undefined = () => subscription,
): Promise<Result> {
  if (seller === undefined) return work();
  return store.together(async (tx) => {
    const before = subscription === undefined ? undefined : await loadSold(tx, subscription);
    const result = await work();
    const id = idOf(result);
    if (id !== undefined) await charge(tx, seller, before, await loadSold(tx, id));
    return result;
  });
}

async function charge(tx: Tx, seller: Seller, before: Sold | undefined, after: Sold): Promise<void> {
  const wanted = after.bytes - (before?.bytes ?? 0n);
  const key = await tx.db
    .selectFrom('api_keys')
    .where('id', '=', seller.keyId)
    .select(['budget_bytes', 'sold_bytes'])
    .executeTakeFirst();
  const budget = key?.budget_bytes ?? 0n;
  const left = budget - (key?.sold_bytes ?? 0n);
  if (after.endless && before?.endless !== true) {
    throw new TurnpikeError(
      'conflict',
      `this would sell volume without end, and the API key "${seller.keyName}" has a budget`,
      { remedy: 'give an expiry, or a tariff with a volume and a duration' },
    );
  }
  // What becomes less was sold all the same; and an end sells nothing to who had none.
  if (wanted <= 0n || (before?.endless === true && !after.endless)) return;
  if (wanted > left) throw new BudgetError(seller, budget, left > 0n ? left : 0n, wanted);
  await tx.db
    .updateTable('api_keys')
    .set((row) => ({ sold_bytes: row('sold_bytes', '+', wanted) }))
    .where('id', '=', seller.keyId)
    .execute();
}
