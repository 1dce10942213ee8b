/**
 * What seats are decided from, as values. Times are monotonic milliseconds of this controller; an earlier one that is not
 * known any more (it was restarted) is its start.
 */
export interface SeatSituation {
  readonly now: number;
  /** Seats sold: connections that may pass at once. */
  readonly limit: number;
  readonly policy: 'reject-new' | 'evict-oldest';
  /** The subscription may pass at all; one that is suspended or used up needs no seats. */
  readonly serving: boolean;
  /** Nodes of the subscription's group; a node that is not among them holds no seat. */
  readonly nodes: ReadonlyMap<string, SeatNode>;
  readonly devices: readonly SeatDevice[];
}

export interface SeatNode {
  readonly connected: boolean;
  /** Since when it is, or is not. */
  readonly since: number;
}

export interface SeatDevice extends SeatStanding {
  readonly id: string;
  /** Connections that it counts for: two while its key is used on two devices, where the tariff counts that. */
  readonly weight: 1 | 2;
  /** Nodes on which it passes traffic now. */
  readonly active: readonly ActiveOn[];
  /** It is parked, sends, and is refused. */
  readonly knock: { readonly nodeId: string; readonly since: number } | undefined;
}

export interface ActiveOn {
  readonly nodeId: string;
  readonly since: number;
  readonly uploading: boolean;
}

/** What a device has of seats, and what it waits for: all that a decision changes. */
export interface SeatStanding {
  readonly parked: boolean;
  readonly seat: Seat | undefined;
  /** When another one took its seat. It takes none by force for a while. */
  readonly evictedAt: number | undefined;
  /** When it lost a seat that it had not used: it knocks anew from then on. */
  readonly triedAt: number | undefined;
  /** Its shared key alone is more than was sold: it is parked until then. */
  readonly punishedUntil: number | undefined;
}

export interface Seat {
  readonly nodeId: string;
  readonly since: number;
  /** Traffic of it was seen with this seat. */
  readonly confirmed: boolean;
}

/** For how long a node without the controller lets devices pass that hold no seat there (sync.proto, Settings). */
export const seatPatienceSeconds = 60;

export const seatTimes = {
  /** Within so long a device must use the seat that it was given, or a node that was away must tell who is there. */
  confirmMs: 15_000,
  /** Seats on a node without contact stay taken so long. */
  awayMs: 180_000,
  /** No seat younger than this is taken by force, and who lost one so takes none by force for as long. */
  coolDownMs: 60_000,
  /** How long a device is parked whose shared key alone is more than was sold. */
  punishMs: 60_000,
} as const;
