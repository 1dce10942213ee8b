import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { noMemory, type SeatMemory } from './desk.ts';
import { loadSeatSubscriptions, type SeatRow, type SeatSubscription } from './load.ts';
import { planSeats, type SeatPlan } from './plan.ts';
import { followOverlap, noOverlap, overlapDueAt } from './sharing.ts';
import type { SeatDevice, SeatStanding } from './situation.ts';
import { tellOfLimit, tellOfSharedKey } from './tell.ts';

/** Decides the seats of these subscriptions anew, and stores what is different, in one transaction. */
export async function turnSeats(context: Context, ids: readonly string[]): Promise<void> {
  await context.store.transaction(async (tx) => {
    for (const subscription of await loadSeatSubscriptions(context, tx, ids)) {
      await turnOne(context, tx, subscription);
    }
  });
}

async function turnOne(context: Context, tx: Tx, subscription: SeatSubscription): Promise<void> {
  const now = context.clock.monotonic();
  const devices = subscription.devices.map((row) => see(context, subscription, row, now));
  const plan = planFor(subscription, devices, now);
  for (const { row, device, memory, shared } of devices) {
    const standing = plan.standings.get(row.id) ?? device;
    await store(tx, subscription, row, standing);
    if (shared) await tellOfSharedKey(context, tx, subscription, row.id);
    const { parkedAt } = context.seats.memory(row.id);
    const kept: SeatMemory = {
      seatSince: standing.seat?.since,
      confirmed: standing.seat?.confirmed ?? false,
      evictedAt: standing.evictedAt,
      triedAt: standing.triedAt,
      punishedUntil: standing.punishedUntil,
      parkedAt: standing.parked ? (parkedAt ?? context.clock.now()) : undefined,
      // Once it was parked for that, what comes later counts.
      overlap: standing.punishedUntil === undefined ? memory.overlap : noOverlap,
    };
    tx.afterCommit(() => context.seats.remember(row.id, kept));
  }
  if (plan.refused.length > 0) await tellOfLimit(context, tx, subscription);
  const dues = devices.map(({ memory }) => overlapDueAt(memory.overlap));
  const dueAt = Math.min(...[plan.dueAt, ...dues].map((at) => at ?? Number.POSITIVE_INFINITY));
  tx.afterCommit(() =>
    context.seats.remind(subscription.id, dueAt === Number.POSITIVE_INFINITY ? undefined : dueAt),
  );
}

interface SeenDevice {
  readonly row: SeatRow;
  readonly device: SeatDevice;
  readonly memory: SeatMemory;
  /** Its key is used on two devices. */
  readonly shared: boolean;
}

function see(context: Context, subscription: SeatSubscription, row: SeatRow, now: number): SeenDevice {
  const { live, seats } = context;
  const before = seats.memory(row.id);
  const sightings = [...subscription.nodes.keys()].flatMap((nodeId) => {
    const seen = live.presence(nodeId, row.id);
    return seen === undefined ? [] : [{ nodeId, ...seen }];
  });
  const uploading = sightings.filter((one) => one.uploading).length;
  const memory = { ...before, overlap: followOverlap(before.overlap, uploading, now) };
  const knocks = sightings.filter((one) => one.refused).sort((a, b) => a.refusedSince - b.refusedSince);
  // In observe nobody is closed, so nobody knocks: who would be parked goes on passing.
  const parked = row.parked === 1;
  const shared = memory.overlap.sharedUntil !== undefined || sightings.some((one) => one.shared);
  const { evictedAt, triedAt, punishedUntil } = memory;
  return {
    row,
    memory,
    shared,
    device: {
      ...{ id: row.id, parked, evictedAt, triedAt, punishedUntil },
      weight: shared && subscription.sharedKey === 'count' ? 2 : 1,
      active: sightings
        .filter((one) => one.active)
        .map((one) => ({ nodeId: one.nodeId, since: one.activeSince, uploading: one.uploading })),
      knock: parked ? knocks.map((one) => ({ nodeId: one.nodeId, since: one.refusedSince }))[0] : undefined,
      seat:
        row.seat_node_id === null
          ? undefined
          : {
              nodeId: row.seat_node_id,
              since: memory.seatSince ?? live.startedAt,
              confirmed: memory.confirmed,
            },
    },
  };
}

function planFor(
  { limit, policy, serving, nodes }: SeatSubscription,
  devices: readonly SeenDevice[],
  now: number,
): SeatPlan {
  const all = devices.map(({ device }) => device);
  if (limit !== null) return planSeats({ now, limit, policy, serving, nodes, devices: all });
  const free = { ...noMemory, parked: false, seat: undefined };
  return { standings: new Map(all.map(({ id }) => [id, free])), refused: [], dueAt: undefined };
}

async function store(
  tx: Tx,
  { enforcement }: SeatSubscription,
  row: SeatRow,
  standing: SeatStanding,
): Promise<void> {
  const parked = Number(enforcement === 'enforce' && standing.parked);
  const seat_node_id = standing.seat?.nodeId ?? null;
  if (parked === row.parked && seat_node_id === row.seat_node_id) return;
  await tx.db
    .updateTable('devices')
    .set({ parked, seat_node_id, revision: await tx.revision() })
    .where('id', '=', row.id)
    .execute();
}
