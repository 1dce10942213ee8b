import { bytesAsMessage, messageLimit } from '../../common/listener-limits.ts';
import type { StreamKind } from './live-streams.ts';
import type { NodeIdentity } from './ports.ts';
import { TokenBucket } from './token-bucket.ts';

/** How much a node has sent us, over all its streams of a kind: a new stream is no new allowance. In memory only. */
export class MessageRate {
  readonly #byIdentity = new Map<string, TokenBucket>();

  bucket(kind: StreamKind, { nodeId, incarnation }: NodeIdentity, nowMs: number): TokenBucket {
    const key = `${kind} ${nodeId} ${incarnation}`;
    const bucket = this.#byIdentity.get(key) ?? new TokenBucket(messageLimit, nowMs);
    this.#byIdentity.set(key, bucket);
    return bucket;
  }
}

/** As how many messages so many bytes count. */
export function messagesOf(bytes: number): number {
  return 1 + bytes / bytesAsMessage;
}
