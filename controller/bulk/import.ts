import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { letOthersIn } from '../books/let-others-in.ts';
import { refuseAborted } from './abort.ts';
import { type Applied, applyChunk, tryChunk } from './apply.ts';
import { Expected } from './expected.ts';
import { findExtra, suspendExtra } from './extra.ts';
import { type Line, type NumberedLine, normalized } from './line.ts';
import { type BulkResult, nameOf, Tally } from './result.ts';
import type { ImportWish, ReconcileWish } from './wish.ts';

/** Others wait for a transaction's end: so few that none waits long, and so many that the disk is synced seldom. */
const linesPerTransaction = 200;

/** Makes the books say what the lines say; what is not listed is left alone. */
export async function importLines(
  context: Context,
  lines: AsyncIterable<NumberedLine>,
  wish: ImportWish,
): Promise<BulkResult> {
  const { tally = new Tally() } = wish;
  await go(context, lines, wish, (one) => count(tally, one));
  return tally.result(wish.dryRun ?? false);
}

/** The same with a list that is whole: also says what is different, and what it leaves out. */
export async function reconcileLines(
  context: Context,
  lines: AsyncIterable<NumberedLine>,
  wish: ReconcileWish,
): Promise<BulkResult> {
  const { tally = new Tally() } = wish;
  const listed = new Set<string>();
  await go(context, lines, wish, (one) => {
    count(tally, one);
    report(tally, one);
    if (one.subscription !== undefined) listed.add(one.subscription);
  });
  refuseNothing(tally);
  // A line that was refused may be of one of them. What is restricted is none of them, whatever its line says.
  const suspending = wish.suspendExtra === true && tally.refused === tally.restricted;
  for await (const found of findExtra(context, listed, wish.signal)) {
    for (const { id, reference } of found) {
      tally.extra += 1;
      tally.find({ kind: 'extra', line: null, about: reference ?? id, differences: [], error: null });
    }
    if (!suspending) continue;
    if (wish.dryRun !== true) await suspendExtra(context, found, wish.origin);
    tally.suspended += found.length;
  }
  return tally.result(wish.dryRun ?? false);
}

async function go(
  context: Context,
  lines: AsyncIterable<NumberedLine>,
  { dryRun, signal, origin }: ImportWish,
  told: (one: Applied) => void,
): Promise<void> {
  const expected = new Expected();
  for await (const chunk of inChunks(lines)) {
    refuseAborted(signal);
    const applied =
      dryRun === true ? await tryChunk(context, chunk, expected) : await applyChunk(context, chunk, origin);
    for (const one of applied) told(one);
    await letOthersIn();
  }
  refuseAborted(signal);
}

async function* inChunks(lines: AsyncIterable<NumberedLine>): AsyncGenerator<NumberedLine[]> {
  let chunk: NumberedLine[] = [];
  for await (const { number, line } of lines) {
    chunk.push({ number, line: line instanceof TurnpikeError ? line : normalized(line) });
    if (chunk.length < linesPerTransaction) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function count(tally: Tally, { number, line, outcome }: Applied): void {
  if (outcome instanceof TurnpikeError) tally.refuse(number, line, outcome);
  else tally.applied(line as Line, outcome);
}

function report(tally: Tally, { number, line, outcome, differences }: Applied): void {
  if (line instanceof TurnpikeError || outcome instanceof TurnpikeError || outcome === 'unchanged') return;
  const kind = outcome === 'created' ? 'missing' : 'different';
  tally.find({ kind, line: number, about: nameOf(line), differences, error: null });
}

/** An export that failed looks like a billing system without customers. */
function refuseNothing({ counts, refused }: Tally): void {
  const { created, changed, unchanged } = counts.subscription;
  if (created + changed + unchanged > 0 || refused > 0) return;
  throw new TurnpikeError('invalid', 'the list holds no subscription: nothing is reconciled with it', {
    remedy: 'look at how it was made; a list that is empty on purpose is for "turnpike import"',
  });
}
