import { TurnpikeError } from '../../common/errors.ts';
import { grantAllowances } from '../accounting/begin-period.ts';
import type { Origin } from '../audit/audit.ts';
import type { Context } from '../books/context.ts';
import { sell } from '../catalogue/api-key-budget.ts';
import type { Tx } from '../store/store.ts';
import { upsertDevice } from './device-line.ts';
import type { Expected } from './expected.ts';
import { loadKnown } from './known.ts';
import type { Line, NumberedLine, SubscriptionLine } from './line.ts';
import { noteChanged } from './note.ts';
import { PlainLines, type Told } from './plain-lines.ts';
import type { Difference, Outcome } from './result.ts';
import { compareSubscription, upsertSubscription } from './subscription-line.ts';

/** What became of a line. */
export interface Applied {
  readonly number: number;
  readonly line: Line | TurnpikeError;
  /** Id of the subscription that it is of; undefined: there is none. */
  readonly subscription: string | undefined;
  readonly outcome: Outcome | TurnpikeError;
  readonly differences: readonly Difference[];
}

/** In one transaction; a line that is refused is without effect, and the others stay. */
export function applyChunk(
  context: Context,
  lines: readonly NumberedLine[],
  origin: Origin | undefined,
): Promise<Applied[]> {
  return context.store.together(async (whole) => {
    const applied = await applyLines(context, whole, lines, (line) => applyAlone(context, line));
    if (origin !== undefined) await noteChanged(context, whole, origin, applied.flatMap(changedBy));
    return applied;
  });
}

/** What {@link applyChunk} would come to, after those of which `expected` knows: it is done, and undone. */
export async function tryChunk(
  context: Context,
  lines: readonly NumberedLine[],
  expected: Expected,
): Promise<Applied[]> {
  const undone = new Error('it was only tried');
  let applied: Applied[] = [];
  const trying = context.store.together(async (whole) => {
    const told = (line: Line) => expected.tell(whole, line);
    applied = await applyLines(context, whole, lines, (line) => applyAlone(context, line), told);
    throw undone;
  });
  await trying.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  for (const { line, outcome } of applied) {
    if (outcome === 'created') expected.made(line as Line);
  }
  return applied;
}

async function applyLines(
  context: Context,
  whole: Tx,
  lines: readonly NumberedLine[],
  alone: (line: Line) => Promise<Told>,
  before: (line: Line) => Promise<Told | undefined> = async () => undefined,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  const added = new Set<string>();
  const plain = await plainLines(context, whole, lines);
  for (const { number, line } of lines) {
    const one = await attempt(number, line, async (told) => {
      const taken = (await before(told)) ?? plain.take(told);
      if (taken !== undefined) return taken;
      await plain.store(whole);
      const done = await alone(told);
      plain.leave(told, done.subscription);
      return done;
    });
    if (one.outcome === 'created' && one.subscription !== undefined) added.add(one.subscription);
    applied.push(one);
  }
  await plain.store(whole);
  // What nobody was granted yet is granted for all of them at once.
  await context.store.transaction((tx) => grantAllowances(context, tx, [...added]));
  return applied;
}

function changedBy({ subscription, outcome }: Applied): string[] {
  return subscription !== undefined && (outcome === 'created' || outcome === 'changed') ? [subscription] : [];
}

async function plainLines(context: Context, tx: Tx, lines: readonly NumberedLine[]): Promise<PlainLines> {
  const readable = lines.flatMap(({ line }) => (line instanceof TurnpikeError ? [] : [line]));
  return new PlainLines(context, await loadKnown(tx, context.range, readable));
}

/** Changes of what is there are the catalogue's own calls, and parts of this one. */
function applyAlone(context: Context, line: Line): Promise<Told> {
  return context.store.together(async (tx) => {
    if (line.type === 'subscription') {
      const { id, ...upserted } = await sellLine(context, tx, line);
      return { ...upserted, subscription: id };
    }
    const { subscription, ...upserted } = await upsertDevice(context, tx, line);
    return { ...upserted, subscription: subscription.id };
  });
}

/** A line can sell: a new subscription, a larger tariff, a later expiry. */
async function sellLine(context: Context, tx: Tx, line: SubscriptionLine) {
  const known = context.seller === undefined ? undefined : (await compareSubscription(tx, line)).id;
  return sell(
    context,
    known,
    () => context.store.together((part) => upsertSubscription(context, part, line)),
    ({ id }) => id,
  );
}

async function attempt(
  number: number,
  line: Line | TurnpikeError,
  work: (line: Line) => Promise<Told>,
): Promise<Applied> {
  const refused = (error: TurnpikeError) => ({
    ...{ number, line, subscription: undefined, outcome: error, differences: [] },
  });
  if (line instanceof TurnpikeError) return refused(line);
  try {
    const { subscription, outcome, differences } = await work(line);
    return { number, line, subscription, outcome, differences };
  } catch (error) {
    if (error instanceof TurnpikeError && isOfTheLine(error)) return refused(error);
    throw error;
  }
}

/** Otherwise it is of the machine, and the next line would fare no better. */
function isOfTheLine({ code }: TurnpikeError): boolean {
  return ['invalid', 'not_found', 'conflict', 'exhausted', 'forbidden'].includes(code);
}
