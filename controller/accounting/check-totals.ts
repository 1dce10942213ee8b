import { maxBytes } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';

/** More than an agent puts into one report: it fills one up with whole periods. */
const mostEntries = 60_000;
/** More bytes than one device can pass in a period: 10 Gbit/s for 83 days. Sums of such totals fit into 63 bits. */
const mostOfDevice = 2n ** 53n;
/** Answers are counted far below; what a node makes up must leave room to count on. */
const mostRecalls = 2 ** 31;

/**
 * What no kernel can count is refused before it is near the books.
 * @throws TurnpikeError `invalid`
 */
export function checkTotals({ number, devices, subscriptions }: ReportRequest): void {
  const cannotBe =
    devices.length + subscriptions.length > mostEntries ||
    devices.some(({ uploadBytes, downloadBytes }) => uploadBytes + downloadBytes > mostOfDevice) ||
    subscriptions.some(({ recall }) => recall > mostRecalls);
  const totals = [
    number,
    ...subscriptions.flatMap((entry) => [
      entry.grantedBytes,
      entry.writtenOffBytes,
      entry.releasedBytes,
      entry.rate,
    ]),
  ];
  if (number === 0n || cannotBe || totals.some((total) => total > maxBytes)) {
    throw new TurnpikeError('invalid', 'the report holds figures that cannot be');
  }
}
