import { allowancePerDevice } from '../../common/allowance.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { isExhausted } from '../ledger/exhausted.ts';
import { planGrants } from '../ledger/plan.ts';
import { type GrantPolicy, grantPolicy } from '../ledger/policy.ts';
import { freeBytes, type LedgerRow } from '../ledger/row.ts';
import type { Tx } from '../store/store.ts';
import { loadGrants, type StoredGrant, saveGrants } from './grant-rows.ts';
import { type LedgerSubscription, loadLedgerSubscriptions } from './subscriptions.ts';

const policy: GrantPolicy = { ...grantPolicy, allowance: allowancePerDevice };

export interface Turn {
  /** What happened to a row, before anything is decided. */
  readonly change?: (grant: StoredGrant) => StoredGrant;
  /** Rows whose allowance is to be filled up. */
  readonly renew?: (grant: StoredGrant) => boolean;
  /** A node that is in contact by what is done here, whether its Sync stream stands or not. */
  readonly reporter?: string;
  /** What nodes are told of these subscriptions is another now, also where no total moved. */
  readonly touch?: boolean;
}

/**
 * The one way in which ledgers move: loads the subscriptions' rows, applies what happened, decides over grants, checks
 * the invariants, and stores what is different, all in the transaction of `tx`.
 */
export async function turnLedger(
  context: Context,
  tx: Tx,
  subscriptionIds: readonly string[],
  turn: Turn = {},
): Promise<void> {
  const subscriptions = await loadLedgerSubscriptions(tx, subscriptionIds);
  const grants = await loadGrants(tx, subscriptionIds);
  const changed: StoredGrant[] = [];
  for (const subscription of subscriptions) {
    const before = grants.get(subscription.id) ?? [];
    const happened = turn.change ? before.map(turn.change) : before;
    const planned = plan(context, subscription, before, happened, turn);
    checkInvariant(subscription, happened, planned);
    await noteExhaustion(context, tx, subscription, planned);
    for (const [n, grant] of planned.entries()) {
      const old = before[n] as StoredGrant;
      const told = isLimited(subscription) ? old : (happened[n] as StoredGrant);
      if (turn.touch || isNewsToNode(told, grant)) {
        changed.push({ ...grant, revision: await tx.revision() });
      } else if (!isSame(old, grant)) changed.push(grant);
      note(context, tx, turn, { before: old, happened: happened[n] as StoredGrant, after: grant });
    }
  }
  await saveGrants(tx, changed);
}

function plan(
  context: Context,
  subscription: LedgerSubscription,
  before: readonly StoredGrant[],
  happened: readonly StoredGrant[],
  turn: Turn,
): StoredGrant[] {
  const { volumeBytes, closed } = subscription;
  // Without a limit in force nodes need no grants; a closed subscription gets none.
  if (volumeBytes === null || closed || !isLimited(subscription)) return [...happened];
  const rows = planGrants(
    policy,
    volumeBytes,
    happened.map((grant, n) => {
      const used = grant.ledger.used > (before[n] as StoredGrant).ledger.used || grant.ledger.wanting;
      const reports = grant.nodeId === turn.reporter;
      return {
        row: grant.ledger,
        serving: isServing(grant),
        reachable: reports || context.live.connected(grant.nodeId),
        devices: grant.groupId === subscription.groupId ? subscription.devices : 0,
        sinceUseMs: reports && used ? 0 : context.activity.sinceUseMs(grant.subscriptionId, grant.nodeId),
        sinceRecallMs: context.activity.sinceRecallMs(grant.subscriptionId, grant.nodeId),
        renewAllowance: turn.renew?.(grant) ?? false,
      };
    }),
  );
  return happened.map((grant, n) => ({ ...grant, ledger: rows[n] as LedgerRow }));
}

/** Nodes are told METERING_GRANTED; otherwise what they have passed follows reality, and is no news to them. */
function isLimited({ volumeBytes, enforcement }: LedgerSubscription): boolean {
  return volumeBytes !== null && enforcement === 'enforce';
}

function isServing(grant: StoredGrant): boolean {
  return !grant.ended && !grant.quarantined;
}

/** Booking may find more used than sold (observe); deciding never gives what is not there. */
function checkInvariant(
  { id, volumeBytes }: LedgerSubscription,
  happened: readonly StoredGrant[],
  planned: readonly StoredGrant[],
): void {
  if (volumeBytes === null) return;
  const free = freeBytes(
    volumeBytes,
    planned.map(({ ledger }) => ledger),
  );
  const freeBefore = freeBytes(
    volumeBytes,
    happened.map(({ ledger }) => ledger),
  );
  if (free < 0n && free < freeBefore) {
    throw new TurnpikeError(
      'internal',
      `the ledger of ${id} would grant more than its volume; nothing was changed`,
    );
  }
}

async function noteExhaustion(
  context: Context,
  tx: Tx,
  { id, volumeBytes, exhaustedAt }: LedgerSubscription,
  grants: readonly StoredGrant[],
): Promise<void> {
  const rows = grants.map(({ ledger }) => ledger);
  const serving = grants.filter(isServing).map(({ ledger }) => ledger);
  const exhausted = volumeBytes !== null && isExhausted(volumeBytes, policy.packet, rows, serving);
  if (exhausted === (exhaustedAt !== null)) return;
  await tx.db
    .updateTable('subscriptions')
    .set({ exhausted_at: exhausted ? context.clock.now() : null })
    .where('id', '=', id)
    .execute();
}

/** Fields that the node is told (sync.proto, Subscription). */
function isNewsToNode({ ledger: a }: StoredGrant, { ledger: b }: StoredGrant): boolean {
  return a.granted !== b.granted || a.allowance !== b.allowance || a.recall !== b.recall;
}

function isSame(a: StoredGrant, b: StoredGrant): boolean {
  return (
    a.ended === b.ended &&
    (a.ledger === b.ledger ||
      (Object.keys(a.ledger) as (keyof LedgerRow)[]).every((name) => a.ledger[name] === b.ledger[name]))
  );
}

/** Remembers, once it is durable, who was active and who was recalled. */
function note(
  { activity, figures }: Context,
  tx: Tx,
  turn: Turn,
  { before, happened, after }: { before: StoredGrant; happened: StoredGrant; after: StoredGrant },
): void {
  const { subscriptionId, nodeId } = after;
  const used = after.ledger.used - before.ledger.used;
  const granted = after.ledger.granted - happened.ledger.granted;
  const wanted = happened.ledger.wanting && (nodeId === turn.reporter || granted > 0n);
  const recalled = after.ledger.recall > happened.ledger.recall;
  if (used === 0n && granted === 0n && !wanted && !recalled) return;
  tx.afterCommit(() => {
    figures.bookedBytes += used;
    if (used > 0n || wanted) activity.used(subscriptionId, nodeId);
    if (granted > 0n) {
      figures.grantsIssued += 1;
      figures.grantedBytes += granted;
    }
    if (recalled) {
      figures.recalls += 1;
      activity.recalled(subscriptionId, nodeId);
    }
  });
}
