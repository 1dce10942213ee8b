import { createHash } from 'node:crypto';
import { maxBytes } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';
import type { Context } from '../books/context.ts';
import { bookReport, type ReportedTotals } from '../ledger/book.ts';
import { startAtFirstUse } from '../lifetime/first-connection.ts';
import type { Booking, NodeIdentity } from '../south/ports.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { turnPeriod } from './begin-period.ts';
import { bookDeviceUsage, ledgerKey } from './device-usage.ts';
import type { StoredGrant } from './grant-rows.ts';
import { servingIncarnation } from './incarnation.ts';
import { quarantine } from './quarantine.ts';
import { recordReport, standingOf } from './report-numbers.ts';
import { noteTold } from './term.ts';
import { turnLedger } from './turn.ts';

export function createBooking(context: Context): Booking {
  return {
    book: async (identity, report, bytes) => {
      checkTotals(report);
      const sha256 = new Uint8Array(createHash('sha256').update(bytes).digest());
      const standing = await context.store.transaction(async (tx) => {
        const incarnation = await servingIncarnation(tx, identity);
        const standing = await standingOf(tx, incarnation, report.number, sha256);
        if (standing === 'new') await book(context, tx, identity, report, sha256);
        if (standing === 'forked') await quarantine(context, tx, identity);
        return standing;
      });
      context.live.contact(identity.nodeId);
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
  };
}

async function book(
  context: Context,
  tx: Tx,
  identity: NodeIdentity,
  report: ReportRequest,
  sha256: Uint8Array,
): Promise<void> {
  await recordReport(tx, identity, report.number, sha256);
  await noteTold(context, tx, identity, report.term);
  await turnWithReporter(context, tx, report);
  const usage = await bookDeviceUsage(tx, identity, report.devices);
  const reported = new Map(
    report.subscriptions.map((entry): [string, ReportedTotals] => [
      ledgerKey(entry.subscriptionId, entry.period),
      {
        granted: entry.grantedBytes,
        writtenOff: entry.writtenOffBytes,
        released: entry.releasedBytes,
        recall: entry.recall,
        wanting: entry.wanting,
        rate: entry.rate,
      },
    ]),
  );
  const served = new Set<string>();
  const renewed = new Set<string>();
  const { subscriptionIds, earliest } = spokenOf([...usage.grown.keys(), ...reported.keys()]);
  await startAtFirstUse(context, tx, spokenOf([...usage.grown.keys()]).subscriptionIds);
  await turnLedger(context, tx, subscriptionIds, {
    reporter: identity.nodeId,
    earliest,
    change: (grant, throttle) => {
      if (grant.nodeId !== identity.nodeId || grant.incarnation !== identity.incarnation) return grant;
      const { ledger } = grant;
      const key = keyOf(grant);
      served.add(key);
      const used = ledger.used + (usage.grown.get(key) ?? 0n);
      const booked = bookReport(ledger, used, reported.get(key), { throttle });
      // A recall takes the allowance along; it is given back when it may stay.
      if (booked.recallAnswered > ledger.recallAnswered) renewed.add(key);
      return { ...grant, ledger: booked };
    },
    used: (grant) => usage.grown.has(keyOf(grant)),
    renew: (grant) => grant.nodeId === identity.nodeId && renewed.has(keyOf(grant)),
  });
  const strange = usage.strange + [...reported.keys()].filter((id) => !served.has(id)).length;
  if (strange === 0) return;
  tx.afterCommit(() => {
    context.figures.strangeEntries += strange;
    context.log.warn(
      { node: identity.nodeId, entries: strange },
      'a report named devices, subscriptions or periods that its node does not serve; they were not booked',
    );
  });
}

/** So much earlier than ours a node's clock may say that a period is over. */
const turnSlackMs = 5_000;

/** A node that is in the next period already is followed there: it turned by itself, a little before us. */
async function turnWithReporter(context: Context, tx: Tx, { subscriptions }: ReportRequest): Promise<void> {
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
    if (named.get(id) === period + 1) await turnPeriod(context, tx, id, now);
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

/** What no kernel can count is refused before it is near the books. */
function checkTotals({ number, devices, subscriptions }: ReportRequest): void {
  const totals = [
    number,
    ...devices.flatMap(({ uploadBytes, downloadBytes }) => [
      uploadBytes,
      downloadBytes,
      uploadBytes + downloadBytes,
    ]),
    ...subscriptions.flatMap((entry) => [
      entry.grantedBytes,
      entry.writtenOffBytes,
      entry.releasedBytes,
      entry.rate,
    ]),
  ];
  if (number === 0n || totals.some((total) => total > maxBytes)) {
    throw new TurnpikeError('invalid', 'the report holds figures that cannot be');
  }
}
