import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { type AddressPair, firstSlot } from './address-range.ts';

/** A removed device's addresses rest so long, so that what is still under way to it reaches nobody else. */
export const restMs = 24 * 3600_000;

export interface Slot extends AddressPair {
  readonly slot: number;
}

/**
 * For each device the lowest slot that has rested, else the next one that was never used.
 * @throws TurnpikeError `exhausted` when the address range is used up.
 */
export async function takeSlots(
  { clock, range }: Context,
  tx: Tx,
  deviceIds: readonly string[],
): Promise<Slot[]> {
  const rested = await tx.db
    .selectFrom('slots')
    .where('device_id', 'is', null)
    .where('free_at', '<=', clock.now())
    .where('slot', '<=', range.lastSlot)
    .orderBy('slot')
    .select('slot')
    .limit(deviceIds.length)
    .execute();
  for (const [n, { slot }] of rested.entries()) {
    await tx.db
      .updateTable('slots')
      .set({ device_id: deviceIds[n] as string, free_at: null })
      .where('slot', '=', slot)
      .execute();
  }
  const others = deviceIds.slice(rested.length);
  const next = await nextSlot(tx);
  if (others.length > 0 && next + others.length - 1 > range.lastSlot) {
    throw await exhausted(tx, range.range4, range.range6);
  }
  const fresh = others.map((device_id, n) => ({ slot: next + n, device_id, free_at: null }));
  for (const chunk of chunks(fresh)) await tx.db.insertInto('slots').values(chunk).execute();
  return [...rested, ...fresh].map(({ slot }) => ({ slot, ...range.at(slot) }));
}

/** The first one that was never used; it may lie beyond the range. */
export async function nextSlot(tx: Tx): Promise<number> {
  const last = await tx.db
    .selectFrom('slots')
    .orderBy('slot', 'desc')
    .select('slot')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? firstSlot : last.slot + 1;
}

/** From a device that is gone to the one that stands for the same hardware: no address changes its owner. */
export async function handSlotOver(
  { range }: Context,
  tx: Tx,
  slot: number,
  deviceId: string,
): Promise<Slot> {
  await tx.db.updateTable('slots').set({ device_id: deviceId }).where('slot', '=', slot).execute();
  return { slot, ...range.at(slot) };
}

export async function restSlot({ clock }: Context, tx: Tx, deviceId: string): Promise<void> {
  await tx.db
    .updateTable('slots')
    .set({ device_id: null, free_at: clock.now() + restMs })
    .where('device_id', '=', deviceId)
    .execute();
}

/** So many may have been given out between a backup and its restore, as far as is cared for. */
const mostUnknown = 1024;

/**
 * After a restore: addresses that were free then may be somebody's since, and so may the next ones that were not used
 * before. They rest, so that nobody else gets them while nodes keep what they have.
 */
export async function restUnknownSlots({ clock, range }: Context, tx: Tx): Promise<void> {
  const { db } = tx;
  const free_at = clock.now() + restMs;
  await db.updateTable('slots').set({ free_at }).where('device_id', 'is', null).execute();
  const first = await nextSlot(tx);
  // In a small range some must be left for those who come.
  const count = Math.min(mostUnknown, Math.floor((range.lastSlot - first + 1) / 2));
  const unknown = Array.from({ length: Math.max(0, count) }, (_, at) => ({
    slot: first + at,
    device_id: null,
    free_at,
  }));
  for (const chunk of chunks(unknown)) await db.insertInto('slots').values(chunk).execute();
}

/** How many devices could be added now. */
export async function countFreeSlots({ clock, range }: Context, tx: Tx): Promise<number> {
  const { count } = await tx.db
    .selectFrom('slots')
    .where((row) => row.or([row('device_id', 'is not', null), row('free_at', '>', clock.now())]))
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  return Math.max(0, range.lastSlot - firstSlot + 1 - Number(count));
}

async function exhausted(tx: Tx, range4: string, range6: string): Promise<TurnpikeError> {
  const resting = await tx.db
    .selectFrom('slots')
    .where('device_id', 'is', null)
    .orderBy('free_at')
    .select('free_at')
    .limit(1)
    .executeTakeFirst();
  const soon =
    resting?.free_at == null ? '' : `, or wait until ${new Date(resting.free_at).toISOString()} for the next`;
  return new TurnpikeError('exhausted', `all tunnel addresses of ${range4} and ${range6} are in use`, {
    remedy: `remove devices${soon}, or widen fleet.range4 (and range6) from the same first address`,
  });
}
