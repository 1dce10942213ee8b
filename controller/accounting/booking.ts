import { createHash } from 'node:crypto';
import { maxBytes } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';
import type { Context } from '../books/context.ts';
import { bookReport, type ReportedTotals } from '../ledger/book.ts';
import { startAtFirstUse } from '../lifetime/first-connection.ts';
import type { Booking, NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';
import { bookDeviceUsage } from './device-usage.ts';
import { servingIncarnation } from './incarnation.ts';
import { quarantine } from './quarantine.ts';
import { recordReport, standingOf } from './report-numbers.ts';
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
  const usage = await bookDeviceUsage(tx, identity, report.devices);
  await startAtFirstUse(context, tx, [...usage.grown.keys()]);
  const reported = new Map(
    report.subscriptions.map((entry): [string, ReportedTotals] => [
      entry.subscriptionId,
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
  await turnLedger(context, tx, [...new Set([...usage.grown.keys(), ...reported.keys()])], {
    reporter: identity.nodeId,
    change: (grant) => {
      if (grant.nodeId !== identity.nodeId || grant.incarnation !== identity.incarnation) return grant;
      const { subscriptionId, ledger } = grant;
      served.add(subscriptionId);
      const used = ledger.used + (usage.grown.get(subscriptionId) ?? 0n);
      const booked = bookReport(ledger, used, reported.get(subscriptionId));
      // A recall takes the allowance along; it is given back when it may stay.
      if (booked.recallAnswered > ledger.recallAnswered) renewed.add(subscriptionId);
      return { ...grant, ledger: booked };
    },
    renew: (grant) => grant.nodeId === identity.nodeId && renewed.has(grant.subscriptionId),
  });
  const strange = usage.strange + [...reported.keys()].filter((id) => !served.has(id)).length;
  if (strange === 0) return;
  tx.afterCommit(() => {
    context.figures.strangeEntries += strange;
    context.log.warn(
      { node: identity.nodeId, entries: strange },
      'a report named devices or subscriptions that its node does not serve; they were not booked',
    );
  });
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
