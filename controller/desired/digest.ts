import { sql } from 'kysely';
import { desiredDigest, type RevisedItem } from '../../common/desired-digest.ts';
import { idAlphabet } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Store, Tx } from '../store/store.ts';
import { type Holder, loadChangedItems } from './items.ts';

/**
 * The digest over all that a node should hold, of a fleet in which reading that takes long: slice by slice, each in a transaction
 * of its own, so that others come between. What changed meanwhile is read again at the end, which is one transaction.
 */
export interface DigestDraft {
  readonly holder: Holder;
  /** Of the first slice. */
  readonly asOf: bigint;
  readonly slices: readonly Slice[];
}

interface Slice {
  readonly range: Range;
  readonly devices: readonly RevisedItem[];
  readonly subscriptions: readonly RevisedItem[];
}

/** What the random part of an id may begin with: from `first` on, before `end`. */
interface Range {
  readonly first: string;
  readonly end: string;
}

/** Takes some 10 ms. */
const devicesInSlice = 2_000;
/** An id's random part begins with one of so many pairs of letters. */
const pairs = idAlphabet.length ** 2;
const afterAll = '~';
const everything: Range = { first: '', end: afterAll };

/** In how many slices; 1 for a fleet that is read at once. */
export async function countSlices({ db }: Tx): Promise<number> {
  const { last } = await db
    .selectFrom('devices')
    .select(sql<bigint | null>`max(rowid)`.as('last'))
    .executeTakeFirstOrThrow();
  return Math.min(pairs, Math.max(1, Math.ceil(Number(last ?? 0n) / devicesInSlice)));
}

export async function draftDigest(store: Store, holder: Holder, count: number): Promise<DigestDraft> {
  let asOf: bigint | undefined;
  const slices: Slice[] = [];
  for (const range of rangesOf(count)) {
    await store.transaction(async (tx) => {
      asOf ??= (await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow()).revision;
      slices.push(await loadSlice(tx, holder, range));
    });
  }
  return { holder, asOf: asOf ?? 0n, slices };
}

/** At once. */
export async function computeDigest(tx: Tx, holder: Holder): Promise<Uint8Array> {
  return digestOf([await loadSlice(tx, holder, everything)]);
}

/** Now; undefined when too much has changed: it moved to another group, or customers were erased, devices and all. */
export async function finishDigest(
  context: Pick<Context, 'vault'>,
  tx: Tx,
  holder: Holder,
  draft: DigestDraft,
): Promise<Uint8Array | undefined> {
  if (holder.groupId !== draft.holder.groupId) return undefined;
  const changed = await loadChangedItems(context, tx, holder, draft.asOf);
  if (changed.erasedSubscriptionIds.length > 0) return undefined;
  const named = [...changed.devices, ...changed.subscriptions].map(({ id }) => id);
  const ids = [...changed.removedDeviceIds, ...named];
  const slices: Slice[] = [];
  for (const slice of draft.slices) {
    const isTouched = ids.some((id) => isWithin(slice.range, id));
    slices.push(isTouched ? await loadSlice(tx, holder, slice.range) : slice);
  }
  return digestOf(slices);
}

function digestOf(slices: readonly Slice[]): Uint8Array {
  return desiredDigest(
    slices.flatMap(({ devices }) => devices),
    slices.flatMap(({ subscriptions }) => subscriptions),
  );
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
  return { range, devices, subscriptions };
}

function rangesOf(count: number): Range[] {
  const bound = (slice: number) => {
    const pair = Math.floor((pairs * slice) / count);
    return pair === pairs
      ? afterAll
      : letter(Math.floor(pair / idAlphabet.length)) + letter(pair % idAlphabet.length);
  };
  return Array.from({ length: count }, (_, slice) => ({ first: bound(slice), end: bound(slice + 1) }));
}

const letter = (place: number) => idAlphabet.charAt(place);

function isWithin({ first, end }: Range, id: string): boolean {
  const random = id.slice(id.indexOf('_') + 1);
  return random >= first && random < end;
}
