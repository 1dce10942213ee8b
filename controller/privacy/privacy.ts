import type { Named } from '../audit/subject.ts';
import type { Context } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import type { AccountScope } from '../catalogue/catalogue.ts';
import type { Account } from '../catalogue/views.ts';
import { awaitErased } from './await-erased.ts';
import { eraseAccount } from './erase.ts';
import { type Export, exportAccount } from './export.ts';
import { type InventoryEntry, listInventory } from './inventory.ts';
import { issueReceipt, listReceipts, type Receipt, type SignedReceipt } from './receipt.ts';
import { rectifyAccount } from './rectify.ts';
import { liftRestriction, refuseRestricted, restrictAccount } from './restrict.ts';
import { findOverdue, type Overdue } from './retention.ts';
import { scrub, scrubTrouble } from './scrub.ts';

/** What is kept of customers, and their rights to it. Accounts are named by reference or id. */
export interface Privacy {
  inventory(): readonly InventoryEntry[];
  /** What the retention job forgets next. */
  overdue(): Promise<Overdue[]>;
  /** A copy of all that is held of an account, and of those linked with it unless `only`. */
  export(account: string, scope?: AccountScope): Promise<Export>;
  /** Erases an account, and those linked with it unless `only`. @returns the id of the erasure */
  erase(account: string, scope?: AccountScope): Promise<string>;
  /** Cleans the files, and waits a little for nodes that are in contact. */
  settleErasure(erasure: string): Promise<SignedReceipt>;
  /** As it stands now. @throws TurnpikeError `not_found` */
  receipt(erasure: string): Promise<SignedReceipt>;
  receipts(): Promise<Receipt[]>;
  rectify(account: string, input: { reference: string }): Promise<Account>;
  /** Keeps what is held of an account, and of those linked with it unless `only`, and uses it no more. */
  restrict(account: string, input: { reason: string } & AccountScope): Promise<Account>;
  /** It stays suspended until it is resumed. */
  unrestrict(account: string, scope?: AccountScope): Promise<Account>;
  /** @throws TurnpikeError `conflict` when what a request names is of a restricted account */
  refuseRestricted(named: Named): Promise<void>;
}

export function createPrivacy(context: Context): Privacy {
  return {
    inventory: () => listInventory(context.retention),
    overdue: () => findOverdue(context),
    export: async (account, scope) => exportAccount(context, account, scope),
    erase: async (account, scope) => eraseAccount(context, account, scope),
    settleErasure: async (erasure) => {
      await awaitErased(context, erasure);
      // Where it fails, the receipt says so, and it is tried again later.
      await mayTryAgain(context, scrubTrouble, () => scrub(context));
      await context.removals.keep();
      return issueReceipt(context, erasure);
    },
    receipt: (erasure) => issueReceipt(context, erasure),
    receipts: () => listReceipts(context),
    rectify: async (account, input) => rectifyAccount(context, account, input),
    restrict: async (account, input) => restrictAccount(context, account, input),
    unrestrict: async (account, scope) => liftRestriction(context, account, scope),
    refuseRestricted: async (named) => refuseRestricted(context, named),
  };
}
