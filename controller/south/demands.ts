import { demandLimit } from '../../common/listener-limits.ts';
import type { NodeIdentity } from './ports.ts';
import { TokenBucket } from './token-bucket.ts';

/** A Hello costs as much as so many parts of what is told: books are read and written for it. */
const partsOfHello = 10;

/**
 * Limits how much each node can ask of us by saying Hello again and again, each time for everything. It is made to wait, and
 * others are served meanwhile. In memory only.
 */
export class Demands {
  readonly #byIdentity = new Map<string, TokenBucket>();

  /** How long to wait before it is greeted, ms. */
  hello(identity: NodeIdentity, nowMs: number): number {
    return this.#bucket(identity, nowMs).take(nowMs, partsOfHello);
  }

  /** The same before one more part of what it is told. */
  part(identity: NodeIdentity, nowMs: number): number {
    return this.#bucket(identity, nowMs).take(nowMs);
  }

  #bucket({ nodeId, incarnation }: NodeIdentity, nowMs: number): TokenBucket {
    const key = `${nodeId} ${incarnation}`;
    const bucket = this.#byIdentity.get(key) ?? new TokenBucket(demandLimit, nowMs);
    this.#byIdentity.set(key, bucket);
    return bucket;
  }
}
