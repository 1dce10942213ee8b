import { createHash } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import type { ReportRequest, SubscriptionUsage } from '../../common/gen/turnpike/v1/usage_pb.ts';
import type { Context } from '../books/context.ts';
import { letOthersIn } from '../books/let-others-in.ts';
import { larger, smaller } from '../ledger/bigint.ts';
import { believe, bookReport, passedOver, type ReportedTotals } from '../ledger/book.ts';
import type { LedgerRow } from '../ledger/row.ts';
import { startAtFirstUse } from '../lifetime/first-connection.ts';
import type { Booking, NodeIdentity } from '../south/ports.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { openNextPeriod, turnPeriod } from './begin-period.ts';
import { checkTotals } from './check-totals.ts';
import { gatherDeviceUsage, ledgerKey } from './device-usage.ts';
import type { StoredGrant } from './grant-rows.ts';
import { servingIncarnation } from './incarnation.ts';
import { findPassedOver } from './passed-over.ts';
import { type Portion, portionsOf } from './portions.ts';
import { quarantine } from './quarantine.ts';
import { recordReport, type Standing, standingOf } from './report-numbers.ts';
import { checkTerm, noteTold } from './term.ts';
import { turnLedger } from './turn.ts';
import { bookDays } from './usage-days.ts';
import { loadVoucherKey, readVoucher, type Vouched } from './voucher.ts';

/** What a report says and nobody can believe. */
interface Strange {
  readonly entries: number;
  /** Some ledgers' keys of those of which the node says more than can be. */
  readonly tooMuch: readonly string[];
}

const mostNamed = 5;

export function createBooking(context: Context): Booking {
  const toldAt = new Map<string, number>();
  return {
    book: async (identity, report, bytes) => {
      checkTotals(report);
      const { standing, strange } = await bookPortions(context, identity, report, sha256Of(bytes));
      context.live.contact(identity.nodeId);
      context.figures.strangeEntries += strange.entries;
      tellStrange(context, identity, strange, toldAt);
      if (standing === 'new') context.figures.reportsBooked += 1;
      if (standing === 'repeated') context.figures.reportsRepeated += 1;
      if (standing === 'forked') {
        throw new TurnpikeError(
          'conflict',
          `report ${report.number} of node ${identity.nodeName} was booked with other content before: its state was cloned or rolled back`,
          { remedy: 'make a join token with "turnpike node token NODE" and join again' },
        );
      }
    },
    lastBooked: (identity) =>
      context.store.transaction(async (tx) => (await servingIncarnation(tx, identity)).last_report),
  };
}

/** Of a node once a minute: it may say so with each of its reports. `toldAt`: by node, in milliseconds of the monotonic clock. */
function tellStrange(
  { clock, log }: Context,
  { nodeId: node, nodeName }: NodeIdentity,
  { entries, tooMuch }: Strange,
  toldAt: Map<string, number>,
): void {
  const now = clock.monotonic();
  if (entries === 0 || now - (toldAt.get(node) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
  toldAt.set(node, now);
  const remedy = `see docs/reliability.md, and whether somebody else runs ${nodeName}`;
  log.warn(
    { node, entries, ...(tooMuch.length > 0 && { tooMuch, remedy }) },
    'a report named what its node does not serve, or more than can have passed; no more than can be was booked',
  );
}

/**
 * Each portion in a transaction of its own, and with the last one the report's number. Totals only grow, so a report that
 * was broken off is booked again from its beginning, and what was booked of it stays as it is.
 */
async function bookPortions(
  context: Context,
  identity: NodeIdentity,
  report: ReportRequest,
  sha256: Uint8Array,
): Promise<{ readonly standing: Standing; readonly strange: Strange }> {
  const { store } = context;
  const portions = await portionsOf(store, report);
  let strange: Strange = { entries: 0, tooMuch: [] };
  for (const portion of portions) {
    if (portion !== portions[0]) await letOthersIn();
    const standing = await store.transaction(async (tx) => {
      const incarnation = await servingIncarnation(tx, identity);
      const now = await standingOf(tx, incarnation, report.number, sha256);
      if (now === 'forked') await quarantine(context, tx, identity);
      if (now !== 'new') return now;
      await checkTerm(tx, identity, report.term);
      if (portion === portions.at(-1)) {
        await recordReport(tx, identity, report.number, sha256);
        await noteTold(context, tx, identity, report.term);
      }
      const more = await book(context, tx, identity, portion);
      strange = {
        entries: strange.entries + more.entries,
        tooMuch: [...strange.tooMuch, ...more.tooMuch].slice(0, mostNamed),
      };
      return now;
    });
    if (standing !== 'new') return { standing, strange };
  }
  return { standing: 'new', strange };
}

/** What is strange is not booked, or as far as it can be. */
async function book(context: Context, tx: Tx, identity: NodeIdentity, report: Portion): Promise<Strange> {
  await turnWithReporter(context, tx, report);
  const usage = await gatherDeviceUsage(tx, identity, report.devices);
  const reported = new Map(
    report.subscriptions.map((entry) => [ledgerKey(entry.subscriptionId, entry.period), entry]),
  );
  const passed = new Set(await findPassedOver(tx, identity, report.subscriptions));
  const vouching = await loadVoucherKey(context, tx);
  /** By how much each ledger's usage grew here. */
  const believed = new Map<string, bigint>();
  /** Ledgers of which the node says more than can be. */
  const tooMuch = new Set<string>();
  const renewed = new Set<string>();
  const own = await servedHere(tx, identity, report);
  const { subscriptionIds, earliest } = spokenOf(
    [...usage.grown.keys(), ...reported.keys(), ...passed].filter((key) => own.has(key)),
  );
  await turnLedger(context, tx, subscriptionIds, {
    reporter: identity.nodeId,
    earliest,
    change: (grant, around) => {
      if (grant.nodeId !== identity.nodeId || grant.incarnation !== identity.incarnation) return grant;
      const key = keyOf(grant);
      const entry = reported.get(key);
      const { ledger, totals } =
        entry === undefined
          ? { ledger: grant.ledger, totals: passed.has(key) ? passedOver : undefined }
          : whatWasTold(grant, entry, vouching);
      const said = believe(ledger, ledger.used + (usage.grown.get(key) ?? 0n), totals, around);
      believed.set(key, said.used - ledger.used);
      if (said.tooMuch) tooMuch.add(key);
      const booked = bookReport(ledger, said.used, said.reported, around);
      // A recall takes the allowance along; it is given back when it may stay.
      if (booked.recallAnswered > ledger.recallAnswered) renewed.add(key);
      return { ...grant, ledger: booked };
    },
    used: (grant) => (believed.get(keyOf(grant)) ?? 0n) > 0n,
    answered: (grant) => grant.nodeId === identity.nodeId && renewed.has(keyOf(grant)),
    renew: (grant) => grant.nodeId === identity.nodeId && renewed.has(keyOf(grant)),
  });
  // Of what is not believed nothing starts.
  const used = [...believed].flatMap(([key, bytes]) => (bytes > 0n ? key : []));
  await startAtFirstUse(context, tx, spokenOf(used).subscriptionIds);
  await bookDays(context, tx, identity.nodeId, await usage.store(believed));
  const elsewhere = [...reported.keys()].filter((key) => !believed.has(key));
  return { entries: usage.strange + elsewhere.length + tooMuch.size, tooMuch: [...tooMuch] };
}

/** Of the ledgers that a report can mean, those that this node has: no other one is so much as looked at. */
async function servedHere(
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
  { subscriptions, devices }: Portion,
): Promise<Set<string>> {
  const ids = new Set(subscriptions.map(({ subscriptionId }) => subscriptionId));
  const ofDevices = await selectInChunks([...new Set(devices.map(({ deviceId }) => deviceId))], (chunk) =>
    tx.db.selectFrom('devices').where('id', 'in', chunk).select('subscription_id').distinct().execute(),
  );
  for (const { subscription_id } of ofDevices) ids.add(subscription_id);
  const rows = await selectInChunks([...ids], (chunk) =>
    tx.db
      .selectFrom('grants')
      .where('subscription_id', 'in', chunk)
      .where('node_id', '=', nodeId)
      .where('incarnation', '=', incarnation)
      .select(['subscription_id', 'period'])
      .execute(),
  );
  return new Set(rows.map(({ subscription_id, period }) => ledgerKey(subscription_id, period)));
}

/**
 * A grant that is not in the books was made by this controller before it was restored from a backup, when the node can
 * show the voucher for it. Without one it is only what a node says.
 */
function whatWasTold(
  grant: StoredGrant,
  entry: SubscriptionUsage,
  key: Uint8Array,
): { readonly ledger: LedgerRow; readonly totals: ReportedTotals } {
  const { ledger, period } = grant;
  const told = toldOf(period, readVoucher(key, grant, entry.voucher));
  return {
    ledger: { ...ledger, beyondRate: larger(ledger.beyondRate, told.beyondRate) },
    totals: {
      granted: smaller(entry.grantedBytes, larger(ledger.granted, told.granted)),
      writtenOff: entry.writtenOffBytes,
      released: entry.releasedBytes,
      recall: entry.recall,
      wanting: entry.wanting,
      rate: entry.rate,
      over: entry.over,
    },
  };
}

/** Of a period that the voucher says nothing of, nothing. */
function toldOf(period: number, vouched: Vouched | undefined): Pick<LedgerRow, 'granted' | 'beyondRate'> {
  if (vouched?.period === period) return vouched;
  if (vouched?.period !== period - 1) return { granted: 0n, beyondRate: 0n };
  return { granted: vouched.nextGranted, beyondRate: vouched.nextBeyondRate };
}

/** So much earlier than ours a node's clock may say that a period is over. */
const turnSlackMs = 5_000;

/**
 * A node that is in the next period already is followed there: it turned by itself, a little before us. Where service
 * ended with the period, or before, nobody follows, and what the node says of the next one is booked there all the same.
 */
async function turnWithReporter(context: Context, tx: Tx, { subscriptions }: Portion): Promise<void> {
  const now = context.clock.now() + turnSlackMs;
  const named = new Map<string, number>();
  for (const { subscriptionId, period } of subscriptions) {
    named.set(subscriptionId, Math.max(period, named.get(subscriptionId) ?? 0));
  }
  const rows = await selectInChunks([...named.keys()], (ids) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('periods', (join) =>
        join
          .onRef('periods.subscription_id', '=', 'subscriptions.id')
          .onRef('periods.number', '=', 'subscriptions.period'),
      )
      .where('subscriptions.id', 'in', ids)
      .where('periods.ends_at', '<=', now)
      .select(['subscriptions.id', 'subscriptions.period'])
      .execute(),
  );
  for (const { id, period } of rows) {
    if (named.get(id) !== period + 1) continue;
    if (!(await turnPeriod(context, tx, id, now))) await openNextPeriod(context, tx, id);
  }
}

function keyOf({ subscriptionId, period }: StoredGrant): string {
  return ledgerKey(subscriptionId, period);
}

/** The subscriptions behind ledgers' keys, and the first period that is named of each. */
function spokenOf(keys: readonly string[]): {
  subscriptionIds: string[];
  earliest: Map<string, number>;
} {
  const earliest = new Map<string, number>();
  for (const key of keys) {
    const [id = '', period] = key.split(' ');
    // Periods are numbered from 1: what names another is strange, and no reason to look far back.
    const named = Number(period) || Number.POSITIVE_INFINITY;
    earliest.set(id, Math.min(named, earliest.get(id) ?? Number.POSITIVE_INFINITY));
  }
  return { subscriptionIds: [...earliest.keys()], earliest };
}

function sha256Of(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
