import { endingLimit } from '../../common/listener-limits.ts';
import { TokenBucket } from './token-bucket.ts';

interface Ended {
  readonly bucket: TokenBucket;
  unsaid: number;
}

/**
 * Limits how often the log says how streams of one node end: a node opens them as fast as the network allows, and must not
 * fill the log. In memory only.
 */
export class Endings {
  readonly #byKey = new Map<string, Ended>();

  /** How many were not said since the last one that was; undefined when this one is not to be said either. */
  say(key: string, nowMs: number): number | undefined {
    const ended = this.#byKey.get(key) ?? { bucket: new TokenBucket(endingLimit, nowMs), unsaid: 0 };
    this.#byKey.set(key, ended);
    if (!ended.bucket.tryTake(nowMs)) {
      ended.unsaid += 1;
      return undefined;
    }
    const { unsaid } = ended;
    ended.unsaid = 0;
    return unsaid;
  }
}
