import type { SeatDevice, SeatSituation, SeatStanding } from './situation.ts';

/** The seats of one subscription while they are decided. */
export class SeatTable {
  readonly situation: SeatSituation;
  readonly #standings: Map<string, SeatStanding>;
  /** When time alone would change something. */
  dueAt: number | undefined;

  constructor(situation: SeatSituation) {
    this.situation = situation;
    this.#standings = new Map(
      situation.devices.map(({ id, parked, seat, evictedAt, triedAt, punishedUntil }) => [
        id,
        { parked, seat, evictedAt, triedAt, punishedUntil },
      ]),
    );
  }

  get standings(): ReadonlyMap<string, SeatStanding> {
    return this.#standings;
  }

  of({ id }: SeatDevice): SeatStanding {
    return this.#standings.get(id) as SeatStanding;
  }

  set({ id }: SeatDevice, change: Partial<SeatStanding>): void {
    this.#standings.set(id, { ...(this.#standings.get(id) as SeatStanding), ...change });
  }

  get free(): number {
    return this.holders().reduce((free, { weight }) => free - weight, this.situation.limit);
  }

  /** Who holds a seat, the longest first. */
  holders(): SeatDevice[] {
    const since = (device: SeatDevice) => this.of(device).seat?.since ?? 0;
    return this.situation.devices
      .filter((device) => this.of(device).seat !== undefined)
      .sort((left, right) => since(left) - since(right) || compareIds(left, right));
  }

  isConnected(nodeId: string): boolean {
    return this.situation.nodes.get(nodeId)?.connected === true;
  }

  remind(at: number): void {
    if (at > this.situation.now) this.dueAt = Math.min(this.dueAt ?? at, at);
  }

  isPunished(device: SeatDevice): boolean {
    const { punishedUntil } = this.of(device);
    return punishedUntil !== undefined && punishedUntil > this.situation.now;
  }
}

export function compareIds(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : Number(left.id > right.id);
}
