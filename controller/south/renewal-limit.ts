import { TurnpikeError } from '../../common/errors.ts';
import { renewalLimit } from '../../common/listener-limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** Limits how often each node gets a certificate: each costs a signature and a write. In memory only. */
export class RenewalLimit {
  readonly #byNode = new Map<string, TokenBucket>();

  /** @throws TurnpikeError `exhausted` */
  admit(nodeId: string, nowMs: number): void {
    const bucket = this.#byNode.get(nodeId) ?? new TokenBucket(renewalLimit, nowMs);
    this.#byNode.set(nodeId, bucket);
    if (bucket.tryTake(nowMs)) return;
    throw new TurnpikeError('exhausted', 'too many certificates for one node', {
      remedy: 'try again in a minute',
    });
  }
}
