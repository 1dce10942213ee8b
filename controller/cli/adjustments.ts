import type { Command } from 'commander';
import { parseSize } from '../../common/bytes.ts';
import { answerOf, given, inPath } from './client.ts';
import type { Adjustment } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showBytes, showTime } from './show.ts';
import { renderTable } from './table.ts';

interface Occasion {
  readonly reason: string;
  readonly reference: string;
}

/** `subscription top-up`, `refund` and `reverse`. */
export function addAdjustmentVerbs(family: Command, open: OpenSession): void {
  withOccasion(family.command('top-up <subscription> <size>'))
    .description('adds volume, such as 10GB; the same reference is never booked twice')
    .option('--expires <date>', 'when what is left of it is gone: a date or a time (default: never)')
    .action(async (id: string, size: string, input: Occasion & { expires?: string }, command: Command) => {
      const { api, print } = open(command);
      const { reason, reference, expires } = input;
      const body = { bytes: String(parseSize(size)), reason, reference, ...given({ expires }) };
      const added = api.POST('/v1/subscriptions/{subscription}/adjustments', { ...at(id), body });
      const adjustment = await answerOf(added);
      print(
        adjustment,
        () =>
          `${showBytes(adjustment.bytes)} added to ${id} with the reference ${adjustment.reference} at ${showTime(adjustment.createdAt)}`,
      );
    });

  withOccasion(family.command('refund <subscription> <size>'))
    .description('takes volume back that is not used, also from nodes that hold it')
    .option('--pack <adjustment>', 'only of this top-up')
    .action(async (id: string, size: string, input: Occasion & { pack?: string }, command: Command) => {
      const { api, print } = open(command);
      const { reason, reference, pack } = input;
      const body = { bytes: String(parseSize(size)), reason, reference, ...given({ pack }) };
      const taken = api.POST('/v1/subscriptions/{subscription}/refunds', { ...at(id), body });
      const adjustment = await answerOf(taken);
      print(adjustment, () => describe(adjustment, id));
    });

  withOccasion(family.command('reverse <subscription> <adjustment>'))
    .description('undoes a top-up, as far as it is not used, or a refund')
    .action(async (id: string, original: string, input: Occasion, command: Command) => {
      const { api, print } = open(command);
      const { reason, reference } = input;
      const reversed = api.POST('/v1/subscriptions/{subscription}/adjustments/{adjustment}/reversal', {
        ...inPath({ subscription: id, adjustment: original }),
        body: { reason, reference },
      });
      const adjustment = await answerOf(reversed);
      print(adjustment, () => describe(adjustment, id));
    });
}

export function adjustmentTable(adjustments: readonly Adjustment[]): string {
  return renderTable(
    ['adjustment', 'kind', 'size', 'left', 'expires', 'reason', 'reference', 'at'],
    adjustments.map((one) => [
      one.id,
      one.kind,
      one.askedBytes === null || !one.pending
        ? showBytes(one.bytes)
        : `${showBytes(one.bytes)} of ${showBytes(one.askedBytes)}, pending`,
      one.leftBytes === null ? '' : showBytes(one.leftBytes),
      one.expiresAt === null ? '' : showTime(one.expiresAt),
      one.reason,
      one.reference,
      showTime(one.createdAt),
    ]),
  );
}

function describe({ bytes, askedBytes, pending, heldBy }: Adjustment, id: string): string {
  if (askedBytes === null) return `${showBytes(bytes)} given back to ${id}`;
  const taken = `${showBytes(String(-BigInt(bytes)))} of ${showBytes(askedBytes)} taken back from ${id}`;
  if (pending)
    return `${taken}; what is not used of the rest follows when ${heldBy.join(', ')} gave back what ${heldBy.length === 1 ? 'it holds' : 'they hold'}`;
  return -BigInt(bytes) === BigInt(askedBytes) ? taken : `${taken}; the rest is used`;
}

function withOccasion(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why, for whoever reads the books later')
    .requiredOption('--reference <reference>', 'your own, such as the number of the payment');
}

const at = (subscription: string) => inPath({ subscription });
