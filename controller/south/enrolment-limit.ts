import { TurnpikeError } from '../../common/errors.ts';
import { TokenBucket } from './token-bucket.ts';

/** A fleet behind one address may join at once; whoever goes on after that is slowed to this. */
const perAddress = { perSecond: 1, burst: 30 };
/** Each attempt costs a signature check; all callers together may not take the whole process. */
const together = { perSecond: 50, burst: 200 };
const mostAddresses = 10_000;

/** Limits attempts to enrol, by caller's address (IPv6: by /64) and over all. In memory only. */
export class EnrolmentLimit {
  readonly #byAddress = new Map<string, TokenBucket>();
  readonly #together: TokenBucket;

  constructor(nowMs: number) {
    this.#together = new TokenBucket(together.perSecond, together.burst, nowMs);
  }

  /** As {@link admits}. @throws TurnpikeError `exhausted` */
  admit(peer: string, nowMs: number): void {
    if (this.admits(peer, nowMs)) return;
    throw new TurnpikeError('exhausted', 'too many attempts to join', { remedy: 'try again in a minute' });
  }

  /** `peer` is what grpc-js calls a peer: address and port. */
  admits(peer: string, nowMs: number): boolean {
    const address = networkOf(peer);
    let bucket = this.#byAddress.get(address);
    if (!bucket) {
      if (this.#byAddress.size >= mostAddresses) this.#forgetQuiet(nowMs);
      if (this.#byAddress.size >= mostAddresses) return false;
      bucket = new TokenBucket(perAddress.perSecond, perAddress.burst, nowMs);
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

/** The network that a peer, as grpc-js calls it, is counted by: an IPv4 address, or a /64. */
export function networkOf(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(':'));
  // IPv4, also as ::ffff:192.0.2.1.
  if (address.includes('.') || !address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros: string[] = new Array(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
