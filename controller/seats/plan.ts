import {
  type ActiveOn,
  type SeatDevice,
  type SeatSituation,
  type SeatStanding,
  seatTimes,
} from './situation.ts';
import { compareIds, SeatTable } from './table.ts';

export interface SeatPlan {
  /** By device. */
  readonly standings: ReadonlyMap<string, SeatStanding>;
  /** Devices that wanted a seat when all were taken, also where one was taken from another for them. */
  readonly refused: readonly string[];
  /** When to decide again though nothing happened; undefined: never. */
  readonly dueAt: number | undefined;
}

/**
 * Who holds a seat and who is parked. Seats are taken by traffic: while one is free, every device is open everywhere;
 * when the last is taken, the others are parked. Deciding again on the outcome, at the same time, changes nothing.
 */
export function planSeats(situation: SeatSituation): SeatPlan {
  const table = new SeatTable(situation);
  if (!situation.serving) {
    for (const device of situation.devices) {
      table.set(device, { parked: false, seat: undefined, punishedUntil: undefined });
    }
    return { standings: table.standings, refused: [], dueAt: undefined };
  }
  for (const device of situation.devices) keepOrLose(table, device);
  cutDown(table);
  const unparked = claimsByTraffic(table).filter(({ device }) => !device.parked);
  const refused = serve(table, [...unparked, ...claimsByKnocking(table)]);
  // Whose node has not said yet that it passes no more: if a seat is left, it must not be open without one.
  for (const late of claimsByTraffic(table)) if (table.free >= late.device.weight) claim(table, late);
  park(table);
  return { standings: table.standings, refused, dueAt: table.dueAt };
}

/** A seat stays for as long as traffic holds it, and follows the device from node to node. */
function keepOrLose(table: SeatTable, device: SeatDevice): void {
  const { now, nodes } = table.situation;
  const { seat } = table.of(device);
  if (seat === undefined) return;
  const here = whereNow(table, device, seat.nodeId);
  if (here !== undefined) {
    table.set(device, { seat: { ...seat, nodeId: here.nodeId, confirmed: true } });
    return;
  }
  const node = nodes.get(seat.nodeId);
  if (node?.connected === false && now < node.since + seatTimes.awayMs) {
    table.remind(node.since + seatTimes.awayMs);
    return;
  }
  if (node?.connected) {
    const givenAt = seat.confirmed ? Number.NEGATIVE_INFINITY : seat.since;
    const until = Math.max(node.since, givenAt) + seatTimes.confirmMs;
    table.remind(until);
    if (now < until) return;
  }
  table.set(device, { seat: undefined, ...(seat.confirmed ? {} : { triedAt: now }) });
}

/** Where it sends just now; else where it came last; and where it was, when that says nothing. */
function whereNow(table: SeatTable, device: SeatDevice, current: string | undefined): ActiveOn | undefined {
  const rank = (one: ActiveOn) => [Number(one.uploading), one.since, Number(one.nodeId === current)];
  return device.active
    .filter(({ nodeId }) => table.isConnected(nodeId))
    .sort((left, right) => {
      const [a, b] = [rank(left), rank(right)];
      const differing = a.findIndex((value, n) => value !== b[n]);
      return differing < 0 ? 0 : (b[differing] as number) - (a[differing] as number);
    })[0];
}

/** More seats are held than were sold, since a key began to count twice or less is sold now. */
function cutDown(table: SeatTable): void {
  const { limit, now, devices } = table.situation;
  for (const device of devices) {
    if (device.weight > limit && !table.isPunished(device)) {
      table.set(device, { seat: undefined, punishedUntil: now + seatTimes.punishMs });
    }
  }
  while (table.free < 0) {
    const latest = table.holders().reverse();
    // Who is at fault goes last, so that others notice: it is one account's key.
    const device = latest.find(({ weight }) => weight === 1) ?? latest[0];
    if (device === undefined) return;
    table.set(device, { seat: undefined, evictedAt: now });
  }
}

interface Claim {
  readonly device: SeatDevice;
  readonly nodeId: string;
  readonly since: number;
  readonly confirmed: boolean;
}

/** What passes without a seat took a free one; the earliest first. */
function claimsByTraffic(table: SeatTable): Claim[] {
  const claims = table.situation.devices.flatMap((device) => {
    if (table.of(device).seat !== undefined || table.isPunished(device)) return [];
    const here = whereNow(table, device, undefined);
    if (here === undefined) return [];
    const since = Math.min(...device.active.map((one) => one.since));
    return [{ device, nodeId: here.nodeId, since, confirmed: true }];
  });
  return claims.sort(bySince);
}

/** Parked devices that send; the one that has knocked longest first. */
function claimsByKnocking(table: SeatTable): Claim[] {
  const claims = table.situation.devices.flatMap((device) => {
    const { knock } = device;
    const { parked, triedAt = Number.NEGATIVE_INFINITY } = table.of(device);
    if (!parked || knock === undefined || table.isPunished(device)) return [];
    if (!table.isConnected(knock.nodeId)) return [];
    const here = whereNow(table, device, undefined);
    const nodeId = here?.nodeId ?? knock.nodeId;
    return [{ device, nodeId, since: Math.max(knock.since, triedAt), confirmed: here !== undefined }];
  });
  return claims.sort(bySince);
}

const bySince = (left: Claim, right: Claim) =>
  left.since - right.since || compareIds(left.device, right.device);

/**
 * Serves claims in their order, and says whose device found no seat free. A seat that is taken by force can leave
 * another one free, which may be just what somebody further ahead was short of: so until nobody is served any more.
 */
function serve(table: SeatTable, claims: readonly Claim[]): string[] {
  const refused = new Set<string>();
  let waiting = claims;
  for (let before = -1; before !== waiting.length; ) {
    before = waiting.length;
    waiting = waiting.filter((one) => {
      if (!claim(table, one)) refused.add(one.device.id);
      return table.of(one.device).seat === undefined;
    });
  }
  return [...refused];
}

/** Gives a free seat, or that of another one where the policy says so. False when none was free. */
function claim(table: SeatTable, { device, nodeId, confirmed }: Claim): boolean {
  const { now } = table.situation;
  const wasFree = table.free >= device.weight;
  if (!wasFree && !evictFor(table, device)) return false;
  if (!confirmed) table.remind(now + seatTimes.confirmMs);
  table.set(device, { seat: { nodeId, since: now, confirmed } });
  return wasFree;
}

function evictFor(table: SeatTable, device: SeatDevice): boolean {
  const { now, policy } = table.situation;
  if (policy !== 'evict-oldest' || table.free + 1 < device.weight) return false;
  const { evictedAt } = table.of(device);
  const mayAt = (evictedAt ?? Number.NEGATIVE_INFINITY) + seatTimes.coolDownMs;
  // A node without contact would go on serving whom it holds a seat for.
  const oldest = table.holders().find(({ id }) => {
    const seat = table.standings.get(id)?.seat;
    return seat !== undefined && table.isConnected(seat.nodeId);
  });
  const seat = oldest && table.of(oldest).seat;
  if (oldest === undefined || seat === undefined) return false;
  const at = Math.max(mayAt, seat.since + seatTimes.coolDownMs);
  table.remind(at);
  if (now < at) return false;
  table.set(oldest, { seat: undefined, evictedAt: now });
  return true;
}

/** While a seat is free everybody may take it; otherwise only who holds one is open. */
function park(table: SeatTable): void {
  const { now } = table.situation;
  const { free } = table;
  for (const device of table.situation.devices) {
    const { seat, punishedUntil } = table.of(device);
    const punished = table.isPunished(device);
    if (punished) table.remind(punishedUntil ?? now);
    else if (punishedUntil !== undefined) table.set(device, { punishedUntil: undefined });
    table.set(device, { parked: punished || (seat === undefined && free < device.weight) });
  }
}
