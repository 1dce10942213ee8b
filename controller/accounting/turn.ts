import type { Context } from '../books/context.ts';
import { rateOf } from '../ledger/beyond.ts';
import { isExhausted } from '../ledger/exhausted.ts';
import { freeBytes, type LedgerRow } from '../ledger/row.ts';
import { ownBytes } from '../ledger/volume.ts';
import { isPending, volumeOf } from '../ledger/withdraw.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { type Book, currentPeriod, isLimited, loadBooks, rowsOf, standingOf, takesOver } from './book.ts';
import { decide, isServing, placeOf, policy } from './decide.ts';
import { type StoredGrant, saveGrants } from './grant-rows.ts';
import { saveAdjustments } from './packs.ts';
import { type StoredPeriod, savePeriods } from './periods.ts';
import { awaitedNodes } from './term.ts';
import type { Turn } from './turn-input.ts';
import { tellVolume } from './volume-events.ts';

/** So many are in memory at a time: each has a row for every node of its group. */
const booksAtOnce = 20;

/**
 * The one way in which ledgers move: loads the subscriptions' books, applies what happened, decides over grants, checks
 * the invariants, and stores what is different, all in the transaction of `tx`.
 */
export async function turnLedger(
  context: Context,
  tx: Tx,
  subscriptionIds: readonly string[],
  turn: Turn = {},
): Promise<void> {
  const awaiting = (await awaitedNodes(tx)).length > 0;
  for (const ids of chunks(subscriptionIds, booksAtOnce)) {
    const books = await loadBooks(tx, ids, turn.earliest);
    await turnBooks(context, tx, books, { turn, awaiting });
  }
  tx.afterCommit(() => context.moved.call(subscriptionIds));
}

/** `awaiting`: nodes that may know of more than the books do. */
async function turnBooks(
  context: Context,
  tx: Tx,
  books: readonly Book[],
  { turn, awaiting }: { readonly turn: Turn; readonly awaiting: boolean },
): Promise<void> {
  const changed: StoredGrant[] = [];
  for (const before of books) {
    const happened = apply(context, before, turn);
    const after = decide(context, happened, turn, awaiting);
    changed.push(...(await changedGrants(tx, before, happened, after, turn)));
    await saveBook(context, tx, before, after, turn);
    for (const [n, grant] of after.grants.entries()) {
      const row = { before: before.grants[n] as StoredGrant, happened: happened.grants[n] as StoredGrant };
      note(context, tx, turn, { ...row, after: grant });
    }
  }
  await saveGrants(tx, changed);
}

function apply(context: Context, book: Book, { change }: Turn): Book {
  const { period, slowRate } = book.subscription;
  const throttling = slowRate !== null && isMetered(book);
  const rate = rateBeyond(book);
  const grants = book.grants.map((grant) => {
    const { ledger } = grant;
    const rises = (grant.period >= period || isBlank(ledger)) && rate > ledger.beyondRate;
    const told = rises ? { ...grant, ledger: { ...ledger, beyondRate: rate } } : grant;
    if (change === undefined) return told;
    // Asked of few of the rows.
    const its = () => book.periods.find(({ number }) => number === told.period) as StoredPeriod;
    return change(told, {
      throttling,
      free: () => freeIn(book, its()),
      milliseconds: () => usableMs(context, its(), grant),
    });
  });
  return { ...book, grants };
}

/** Of a period that was stepped over, as nobody looked for long: it was never current. */
function isBlank({ granted, used, beyondRate }: LedgerRow): boolean {
  return granted === 0n && used === 0n && beyondRate === 0n;
}

/** Bytes per second at which nodes are told to let pass more than they are granted; 0n: not at all. */
function rateBeyond(book: Book): bigint {
  const { enforcement, rate, slowRate } = book.subscription;
  if (isMetered(book)) return slowRate ?? 0n;
  return enforcement === 'enforce' ? rate : rateOf(null, null);
}

/** So long a node that is away, or whose agent is dead, may go on with a period that is over: unlimited and slow traffic need no grant. */
const longestAwayMs = 30 * 86_400_000;

function usableMs(
  { clock }: Context,
  { usableFrom, endsAt }: StoredPeriod,
  { begunAt }: StoredGrant,
): number {
  const now = clock.now();
  const until = endsAt === null ? now : Math.min(now, endsAt + longestAwayMs);
  return until - Math.max(usableFrom, begunAt);
}

function freeIn(book: Book, period: StoredPeriod): bigint {
  if (!isLimited(period)) return 0n;
  const next = book.periods.find(({ number }) => number === period.number + 1);
  if (next !== undefined && takesOver(book, next)) return 0n;
  const isCurrent = period.number === book.subscription.period;
  const volume = isCurrent ? volumeOf(standingOf(book, period)) : ownBytes(period);
  return freeBytes(volume, rowsOf(book, period.number));
}

/** Nodes are told METERING_GRANTED; otherwise what they have passed follows reality, and is no news to them. */
function isMetered(book: Book): boolean {
  const period = currentPeriod(book);
  return period !== undefined && isLimited(period) && book.subscription.enforcement === 'enforce';
}

async function changedGrants(
  tx: Tx,
  before: Book,
  happened: Book,
  after: Book,
  turn: Turn,
): Promise<StoredGrant[]> {
  const { period } = after.subscription;
  const told = isMetered(after) ? before : happened;
  const news = new Set<string>();
  for (const [n, grant] of after.grants.entries()) {
    const old = told.grants[n] as StoredGrant;
    if (grant.period === period && isNewsToNode(old, grant)) news.add(placeOf(grant));
    if (grant.period === period + 1 && grant.ledger.granted !== old.ledger.granted) news.add(placeOf(grant));
  }
  const changed: StoredGrant[] = [];
  for (const [n, grant] of after.grants.entries()) {
    // The row of the current period stands for all that a node is told of the subscription.
    if (grant.period === period && (turn.touch || news.has(placeOf(grant)))) {
      changed.push({ ...grant, revision: await tx.revision() });
    } else if (!isSame(before.grants[n] as StoredGrant, grant)) changed.push(grant);
  }
  return changed;
}

async function saveBook(
  context: Context,
  tx: Tx,
  before: Book,
  after: Book,
  { rearm = false }: Turn,
): Promise<void> {
  const current = currentPeriod(after);
  const standing = current && isLimited(current) ? standingOf(after, current) : undefined;
  const serving = after.grants.filter((grant) => grant.period === current?.number && isServing(grant));
  const exhausted =
    standing !== undefined &&
    isExhausted(
      volumeOf(standing),
      policy.packet,
      rowsOf(after, after.subscription.period),
      serving.map(({ ledger }) => ledger),
    );
  await noteExhaustion(context, tx, after, exhausted);
  const told =
    current && standing
      ? await tellVolume(context, tx, after.subscription, standing, { told: current, exhausted, rearm })
      : {};
  await savePeriods(
    tx,
    after.periods
      .map((period) => (period === current ? { ...period, ...told } : period))
      .filter((period, n) => !isEqual(before.periods[n] as StoredPeriod, period)),
  );
  if (standing === undefined) return;
  await saveAdjustments(tx, before.adjustments, after.adjustments, (refund) => isPending(standing, refund));
}

async function noteExhaustion(
  { clock }: Context,
  tx: Tx,
  { subscription: { id, exhaustedAt } }: Book,
  exhausted: boolean,
): Promise<void> {
  if (exhausted === (exhaustedAt !== null)) return;
  await tx.db
    .updateTable('subscriptions')
    .set({ exhausted_at: exhausted ? clock.now() : null })
    .where('id', '=', id)
    .execute();
}

/** Fields that the node is told (sync.proto, Subscription). */
function isNewsToNode({ ledger: a }: StoredGrant, { ledger: b }: StoredGrant): boolean {
  return a.granted !== b.granted || a.allowance !== b.allowance || a.recall !== b.recall;
}

function isSame(a: StoredGrant, b: StoredGrant): boolean {
  return a.ended === b.ended && isEqual<LedgerRow>(a.ledger, b.ledger);
}

function isEqual<T extends object>(a: T, b: T): boolean {
  return a === b || (Object.keys(a) as (keyof T)[]).every((name) => a[name] === b[name]);
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
