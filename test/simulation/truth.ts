import type { Direction } from '../../agent/gate/fake.ts';

export interface DeviceTruth {
  readonly id: string;
  readonly subscriptionId: string;
  readonly publicKey: string;
  readonly address4: string;
  readonly address6: string;
  /** Of the removal or suspension that the operator was told is done; undefined: it may pass. */
  revokedAt: bigint | undefined;
  removed: boolean;
}

export interface SubscriptionTruth {
  readonly id: string;
  readonly maxConnections: number | null;
  /** What passes that was not granted: nothing, what is slow after the volume, or, at some time, whatever comes. */
  beyond: 'nothing' | 'slowly' | 'freely';
  /** All that was ever sold beside the periods' own volume, also where the answer was lost. */
  packs: bigint;
  /** The most that a period had; null: unlimited. */
  perPeriod: bigint | null;
  readonly devices: string[];
}

/** Of one device on one incarnation of a node, in both directions: what the kernel's gate accepted. */
export interface Accepted {
  upload: bigint;
  download: bigint;
}

/** What really happened, seen by nobody in the world. */
export class Truth {
  readonly devices = new Map<string, DeviceTruth>();
  readonly subscriptions = new Map<string, SubscriptionTruth>();
  readonly #accepted = new Map<string, Accepted>();
  readonly #bySubscription = new Map<string, bigint>();
  readonly #onNode = new Map<string, bigint>();
  /** Who passed in the last seconds, by whole second. */
  readonly #passing = new Map<number, Set<string>>();

  note(incarnation: string, device: DeviceTruth, direction: Direction, bytes: bigint, now: number): void {
    const { id, subscriptionId } = device;
    const one = this.#accepted.get(`${incarnation} ${id}`) ?? { upload: 0n, download: 0n };
    one[direction] += bytes;
    this.#accepted.set(`${incarnation} ${id}`, one);
    this.#bySubscription.set(subscriptionId, this.accepted(subscriptionId) + bytes);
    const place = `${incarnation} ${subscriptionId}`;
    this.#onNode.set(place, (this.#onNode.get(place) ?? 0n) + bytes);
    const second = Math.floor(now / 1000);
    const passing = this.#passing.get(second) ?? new Set();
    this.#passing.set(second, passing.add(id));
    this.#passing.delete(second - 20);
  }

  accepted(subscriptionId: string): bigint {
    return this.#bySubscription.get(subscriptionId) ?? 0n;
  }

  /** `incarnation`: `node id/number`. */
  acceptedOn(incarnation: string, subscriptionId: string): bigint {
    return this.#onNode.get(`${incarnation} ${subscriptionId}`) ?? 0n;
  }

  acceptedOf(incarnation: string, deviceId: string): Accepted {
    return this.#accepted.get(`${incarnation} ${deviceId}`) ?? { upload: 0n, download: 0n };
  }

  get all(): ReadonlyMap<string, Accepted> {
    return this.#accepted;
  }

  passingIn(second: number): ReadonlySet<string> {
    return this.#passing.get(second) ?? new Set();
  }
}
