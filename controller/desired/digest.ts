import { sql } from 'kysely';
import {
  type DigestParts,
  digestOfParts,
  digestParts,
  partLetters,
  partOf,
} from '../../common/desired-digest.ts';
import { idAlphabet } from '../../common/ids.ts';
import { letOthersIn } from '../books/let-others-in.ts';
import type { Store, Tx } from '../store/store.ts';
import { type Holder, loadChangedIds } from './items.ts';

/**
 * The digest over all that a node should hold, of a fleet in which reading that takes long: slice by slice, each in a
 * transaction of its own, so that others come between. Slices in which something changed meanwhile are read again, of which
 * there are fewer each time; the last ones in one transaction with what the node is told.
 */
export interface DigestDraft {
  readonly holder: Holder;
  /** What was read is as of this revision, or later. */
  readonly asOf: bigint;
  readonly slices: readonly Slice[];
}

interface Slice {
  readonly range: Range;
  /** undefined: it is to be read. */
  readonly parts: DigestParts | undefined;
}

/** Parts of the digest: from `first` on, before `end`. */
interface Range {
  readonly first: string;
  readonly end: string;
}

/** Takes some 3 ms. */
const devicesInSlice = 500;
/** So many at once keep others waiting for some 25 ms. */
const mostSlicesAtOnce = 8;
const allParts = idAlphabet.length ** partLetters;
const afterAll = '~';

/** In how many slices; 1 for a fleet that is read at once. */
export async function countSlices({ db }: Tx): Promise<number> {
  const { last } = await db
    .selectFrom('devices')
    .select(sql<bigint | null>`max(rowid)`.as('last'))
    .executeTakeFirstOrThrow();
  return Math.min(allParts, Math.max(1, Math.ceil(Number(last ?? 0n) / devicesInSlice)));
}

/** Nothing is read yet. */
export function beginDraft(holder: Holder, asOf: bigint, count: number): DigestDraft {
  return { holder, asOf, slices: rangesOf(count).map((range) => ({ range, parts: undefined })) };
}

/** With the slices that were still to be read. */
export async function readDraft(store: Store, draft: DigestDraft): Promise<DigestDraft> {
  const slices: Slice[] = [];
  for (const slice of draft.slices) {
    if (slice.parts !== undefined) {
      slices.push(slice);
      continue;
    }
    await letOthersIn();
    slices.push(await store.transaction((tx) => loadSlice(tx, draft.holder, slice.range)));
  }
  return { ...draft, slices };
}

/** At once. */
export async function computeDigest(tx: Tx, holder: Holder): Promise<Uint8Array> {
  return digestOf([await loadSlice(tx, holder, { first: '', end: afterAll })]);
}

/** As of `revision`, which is now; or, where too much changed meanwhile, a draft that is to be read on. */
export async function finishDigest(
  tx: Tx,
  holder: Holder,
  draft: DigestDraft,
  revision: bigint,
): Promise<Uint8Array | DigestDraft> {
  const changed = await loadChangedIds(tx, holder, draft.asOf);
  // It moved to another group, or customers were erased, of whose devices nothing is known any more.
  if (holder.groupId !== draft.holder.groupId || changed === undefined) {
    return beginDraft(holder, revision, draft.slices.length);
  }
  const touched = new Set(changed.map(partOf));
  const slices = draft.slices.map((slice) =>
    [...touched].some((part) => isWithin(slice.range, part)) ? { ...slice, parts: undefined } : slice,
  );
  if (slices.filter(({ parts }) => parts === undefined).length > mostSlicesAtOnce) {
    return { holder, asOf: revision, slices };
  }
  const whole: Slice[] = [];
  for (const slice of slices) {
    whole.push(slice.parts === undefined ? await loadSlice(tx, holder, slice.range) : slice);
  }
  return digestOf(whole);
}

function digestOf(slices: readonly Slice[]): Uint8Array {
  return digestOfParts(new Map(slices.flatMap(({ parts }) => [...(parts ?? [])])));
}

async function loadSlice(tx: Tx, holder: Holder, range: Range): Promise<Slice> {
  const { nodeId, incarnation, groupId } = holder;
  const devices = await tx.db
    .selectFrom('devices')
    .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    // With the plus, SQLite begins with the ids.
    .where(sql`+tariffs.group_id`, '=', groupId)
    .where('devices.removed_at', 'is', null)
    .where('devices.id', '>=', `dev_${range.first}`)
    .where('devices.id', '<', `dev_${range.end}`)
    .select(['devices.id', 'devices.revision'])
    .execute();
  const subscriptions = await tx.db
    .selectFrom('grants')
    .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
    .whereRef('grants.period', '=', 'subscriptions.period')
    .where('grants.subscription_id', '>=', `sub_${range.first}`)
    .where('grants.subscription_id', '<', `sub_${range.end}`)
    .where(sql`+grants.node_id`, '=', nodeId)
    .where('incarnation', '=', incarnation)
    .select(['grants.subscription_id as id', 'grants.revision'])
    .execute();
  return { range, parts: digestParts(devices, subscriptions) };
}

function rangesOf(count: number): Range[] {
  const bound = (slice: number) => {
    const part = Math.floor((allParts * slice) / count);
    return part === allParts
      ? afterAll
      : letter(Math.floor(part / idAlphabet.length)) + letter(part % idAlphabet.length);
  };
  return Array.from({ length: count }, (_, slice) => ({ first: bound(slice), end: bound(slice + 1) }));
}

const letter = (place: number) => idAlphabet.charAt(place);

const isWithin = ({ first, end }: Range, part: string) => part >= first && part < end;
