import { allowancePerDevice } from '../../common/allowance.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { planGrants } from '../ledger/plan.ts';
import { type GrantPolicy, grantPolicy } from '../ledger/policy.ts';
import { freeBytes, type LedgerRow, outstandingBytes } from '../ledger/row.ts';
import { ownBytes } from '../ledger/volume.ts';
import { holdsExpired, volumeOf, withdraw } from '../ledger/withdraw.ts';
import { type Book, carryOn, currentPeriod, isLimited, rowsOf, standingOf, withStanding } from './book.ts';
import type { StoredGrant } from './grant-rows.ts';
import type { Turn } from './turn-input.ts';

export const policy: GrantPolicy = { ...grantPolicy, allowance: allowancePerDevice };

/**
 * What is to be once `happened` has: what is to be taken back is taken as far as it is free, and of the rest nodes get
 * their grants; none while nodes are awaited to tell their totals (term.ts).
 */
export function decide(context: Context, happened: Book, turn: Turn, awaiting: boolean): Book {
  const carried = carryOn(happened);
  const current = currentPeriod(carried);
  if (current === undefined || !isLimited(current)) return carried;
  const taken = withdraw(standingOf(carried, current));
  const book = withStanding(carried, taken);
  // Without a limit in force nodes need no grants; nor do they while it is not known what was granted before.
  if (book.subscription.enforcement !== 'enforce' || awaiting) return book;
  const waiting = taken.reduction > 0n || taken.refunds.some(({ rest }) => rest > 0n);
  const asked = turn.reclaim === true && (waiting || holdsExpired(taken));
  const reclaim = asked ? 'now' : waiting ? 'again' : undefined;
  const volume = volumeOf(taken);
  const planned = replace(book, current.number, (grants) =>
    planGrants(
      policy,
      volume,
      grants.map((grant) => positionOf(context, happened, grant, turn)),
      { reclaim, closed: book.subscription.closed },
    ),
  );
  checkInvariant(volume, book, planned, current.number);
  const decided = book.subscription.closed ? planned : prepareNext(context, planned, turn);
  const after = standingOf(decided, { ...current, ...taken.period });
  return withStanding(decided, { ...taken, claimed: after.claimed });
}

/** What the next period is sure to have is granted beforehand, so that its beginning needs no controller. */
function prepareNext(context: Context, book: Book, turn: Turn): Book {
  const { subscription } = book;
  const next = book.periods.find(({ number }) => number === subscription.period + 1);
  if (next === undefined || !isLimited(next)) return book;
  // Neither what will be carried in nor packs: the current period may still claim them.
  const sure = ownBytes({ ...next, carriedIn: 0n });
  const now = new Map(
    book.grants.flatMap((grant) =>
      grant.period === subscription.period ? [[placeOf(grant), grant.ledger] as const] : [],
    ),
  );
  const planned = replace(book, next.number, (grants) =>
    planGrants(
      policy,
      sure,
      grants.map((grant) => {
        const position = positionOf(context, book, grant, turn);
        const held = BigInt(position.devices) * policy.allowance;
        const wanting =
          context.activity.usedWithin(grant.subscriptionId, grant.nodeId, policy.activeMs) &&
          outstandingBytes(grant.ledger) <= held;
        const rate = now.get(placeOf(grant))?.rate ?? 0n;
        return { ...position, row: { ...grant.ledger, wanting, rate } };
      }),
      { ahead: true },
    ),
  );
  checkInvariant(sure, book, planned, next.number);
  return planned;
}

function positionOf({ activity, live }: Context, book: Book, grant: StoredGrant, turn: Turn) {
  const { subscriptionId, nodeId, ledger } = grant;
  const reports = nodeId === turn.reporter;
  const used = ledger.wanting || (turn.used?.(grant) ?? false);
  const opens = turn.rearm === true || turn.resumed === true || (turn.answered?.(grant) ?? false);
  return {
    row: ledger,
    returning: opens && isReturning(activity, book, grant),
    serving: isServing(grant),
    reachable: reports || live.connected(nodeId),
    devices: grant.groupId === book.subscription.groupId ? book.subscription.devices : 0,
    sinceUseMs: reports && used ? 0 : activity.sinceUseMs(subscriptionId, nodeId),
    sinceRecallMs: activity.sinceRecallMs(subscriptionId, nodeId),
    renewAllowance: turn.renew?.(grant) ?? false,
  };
}

/** Who was there until a moment ago may be knocking, though its node has not told it again. */
function isReturning(activity: Context['activity'], { subscription }: Book, grant: StoredGrant): boolean {
  const { subscriptionId, nodeId, ledger } = grant;
  const held = BigInt(subscription.devices) * policy.allowance;
  return outstandingBytes(ledger) <= held && activity.usedWithin(subscriptionId, nodeId, policy.activeMs);
}

export function placeOf({ nodeId, incarnation }: Pick<StoredGrant, 'nodeId' | 'incarnation'>): string {
  return `${nodeId} ${incarnation}`;
}

export function isServing(grant: StoredGrant): boolean {
  return !grant.ended && !grant.quarantined;
}

/** Puts new ledger rows into the grants of one period. */
function replace(book: Book, period: number, plan: (grants: StoredGrant[]) => LedgerRow[]): Book {
  const grants = book.grants.filter((grant) => grant.period === period);
  const rows = plan(grants);
  const planned = new Map(grants.map((grant, n) => [grant, rows[n] as LedgerRow]));
  return {
    ...book,
    grants: book.grants.map((grant) => {
      const ledger = planned.get(grant);
      return ledger === undefined ? grant : { ...grant, ledger };
    }),
  };
}

/** Booking may find more used than sold (observe); deciding never gives what is not there. */
function checkInvariant(volume: bigint, before: Book, after: Book, period: number): void {
  const free = freeBytes(volume, rowsOf(after, period));
  if (free < 0n && free < freeBytes(volume, rowsOf(before, period))) {
    throw new TurnpikeError(
      'internal',
      `the ledger of ${after.subscription.id} would grant more than its volume; nothing was changed`,
    );
  }
}
