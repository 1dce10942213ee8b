import { TurnpikeError } from '../../common/errors.ts';
import type { Authorities } from '../identity/authorities.ts';
import type { Caller } from '../identity/peer.ts';
import type { CertificateStanding, NodeIdentity } from './ports.ts';

export type StreamKind = 'sync' | 'usage';

export interface LiveStream {
  readonly kind: StreamKind;
  readonly identity: NodeIdentity;
  readonly caller: Caller;
  end(error: TurnpikeError): void;
}

/** The streams that are open. One of a kind per identity; and a revocation ends them all at once. */
export class LiveStreams {
  readonly #open = new Set<LiveStream>();
  readonly #current = new Map<string, LiveStream>();

  /** From here on a revocation reaches it; so it comes before asking whether the identity is valid. */
  add(stream: LiveStream): void {
    this.#open.add(stream);
  }

  /** The identity is valid: an older stream of the same kind makes room. */
  admit(stream: LiveStream): void {
    const key = keyOf(stream);
    this.#current.get(key)?.end(new TurnpikeError('unavailable', 'a newer stream of this node takes over'));
    this.#current.set(key, stream);
  }

  remove(stream: LiveStream): void {
    this.#open.delete(stream);
    if (this.isCurrent(stream)) this.#current.delete(keyOf(stream));
  }

  isCurrent(stream: LiveStream): boolean {
    return this.#current.get(keyOf(stream)) === stream;
  }

  /** Ends what this identity, or an older one of the node, has open. */
  revoke(nodeId: string, incarnation: number): void {
    for (const stream of this.#open) {
      const { identity } = stream;
      if (identity.nodeId === nodeId && identity.incarnation <= incarnation) stream.end(revoked());
    }
  }

  /** Ends what shows a certificate of a CA that the fleet has no more. */
  endUntrusted({ trusted }: Authorities): void {
    for (const stream of this.#open) {
      if (trusted.some(({ pin }) => pin === stream.caller.authorityPin)) continue;
      stream.end(new TurnpikeError('unavailable', "the node's certificate is of a CA that was dropped"));
    }
  }

  endAll(error: TurnpikeError): void {
    for (const stream of this.#open) stream.end(error);
  }

  /** The peer of one stream is gone, so its other streams are too, though they have no heartbeat to tell. */
  endSilent(identity: NodeIdentity): void {
    for (const stream of this.#open) {
      const same = stream.identity.nodeId === identity.nodeId;
      if (same && stream.identity.incarnation === identity.incarnation) {
        stream.end(new TurnpikeError('unavailable', 'nothing was heard of the node'));
      }
    }
  }
}

export function revoked(): TurnpikeError {
  return new TurnpikeError('unauthenticated', "this node's identity is no longer valid", {
    remedy: 'it was removed, enrolled anew or quarantined; join with a new token to bring it back',
  });
}

/** @throws TurnpikeError `unauthenticated` when revoked, which closes the node; `forbidden` when unknown here. */
export function requireValid(standing: CertificateStanding): void {
  if (standing === 'revoked') throw revoked();
  if (standing === 'unknown') {
    throw new TurnpikeError('forbidden', "this controller does not know the node's certificate", {
      remedy: 'it was restored from an older backup, perhaps; join the node anew with a new token',
    });
  }
}

function keyOf({ kind, identity }: LiveStream): string {
  return `${kind} ${identity.nodeId} ${identity.incarnation}`;
}
