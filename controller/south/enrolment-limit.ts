import { TurnpikeError } from '../../common/errors.ts';
import { attemptLimits } from '../../common/listener-limits.ts';
import { networkOf } from '../../common/network-of.ts';
import { TokenBucket } from './token-bucket.ts';

/** Limits attempts to enrol, by caller's address (IPv6: by /64) and over all. In memory only. */
export class EnrolmentLimit {
  readonly #byAddress = new Map<string, TokenBucket>();
  readonly #together: TokenBucket;

  constructor(nowMs: number) {
    this.#together = new TokenBucket(attemptLimits.ofAll, nowMs);
  }

  /** As {@link admits}. @throws TurnpikeError `exhausted` */
  admit(peer: string, nowMs: number): void {
    if (this.admits(peer, nowMs)) return;
    throw new TurnpikeError('exhausted', 'too many attempts to join', { remedy: 'try again in a minute' });
  }

  /** `peer` is what grpc-js calls a peer: address and port. */
  admits(peer: string, nowMs: number): boolean {
    const address = networkOf(peer.slice(0, peer.lastIndexOf(':')));
    let bucket = this.#byAddress.get(address);
    if (!bucket) {
      if (this.#byAddress.size >= attemptLimits.networks) this.#forgetQuiet(nowMs);
      if (this.#byAddress.size >= attemptLimits.networks) return false;
      bucket = new TokenBucket(attemptLimits.ofNetwork, nowMs);
      this.#byAddress.set(address, bucket);
    }
    return bucket.tryTake(nowMs) && this.#together.tryTake(nowMs);
  }

  #forgetQuiet(nowMs: number): void {
    for (const [address, bucket] of this.#byAddress) {
      if (bucket.full(nowMs)) this.#byAddress.delete(address);
    }
  }
}
