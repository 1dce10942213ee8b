import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Crowd } from '../../common/crowd.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { readSerially, send } from '../../common/grpc/stream.ts';
import { bytesAsMessage, messageLimit } from '../../common/listener-limits.ts';
import { type Caller, readCaller } from '../identity/peer.ts';
import type { SouthContext } from './context.ts';
import { type LiveStream, requireValid, type StreamKind } from './live-streams.ts';
import type { NodeIdentity } from './ports.ts';
import { isInside, statusOf } from './status.ts';
import { TokenBucket } from './token-bucket.ts';

/** Where the connection over which a stream came can be cut off, or noted as that of somebody known. */
export type StreamCrowd = Pick<Crowd, 'cutOff' | 'know'>;

/** A stream of a node whose certificate was verified, from its start to its end. */
export class NodeStream<Response> implements LiveStream {
  readonly kind: StreamKind;
  readonly caller: Caller;
  /** Aborts when the stream is over, whichever side ended it. */
  readonly closed: AbortSignal;
  readonly #call: ServerDuplexStream<Uint8Array, Response>;
  readonly #context: SouthContext;
  readonly #crowd: StreamCrowd;
  readonly #close = new AbortController();
  #finished = false;

  constructor(
    kind: StreamKind,
    call: ServerDuplexStream<Uint8Array, Response>,
    context: SouthContext,
    crowd: StreamCrowd,
  ) {
    this.kind = kind;
    this.#call = call;
    this.#context = context;
    this.#crowd = crowd;
    this.closed = this.#close.signal;
    this.caller = readCaller(call.getAuthContext().sslPeerCertificate?.raw, context.authorities);
    const over = () => {
      this.#finished = true;
      this.#close.abort();
    };
    call.once('cancelled', over);
    call.once('close', over);
    call.once('finish', over);
  }

  get identity(): NodeIdentity {
    return this.caller.identity;
  }

  /** Resolves when the node has ended its side, or the stream is over. */
  read(onMessage: (message: Uint8Array) => Promise<void>): Promise<void> {
    const { clock } = this.#context;
    const bucket = new TokenBucket(messageLimit, clock.monotonic());
    return readSerially(this.#call, this.closed, async (message: Uint8Array) => {
      const wait = bucket.take(clock.monotonic(), 1 + message.length / bytesAsMessage);
      if (wait > 0) await clock.sleep(wait, this.closed);
      if (!this.closed.aborted) await onMessage(message);
    });
  }

  /** Resolves when there is room for more. A peer that makes none for too long is cut off. */
  async send(message: Response): Promise<void> {
    const { clock, timing } = this.#context;
    const stalled = clock.after(timing.stallMs, () =>
      this.end(new TurnpikeError('unavailable', 'the node reads nothing')),
    );
    await send(this.#call, message, this.closed);
    stalled.cancel();
  }

  /** Sends, unless earlier messages wait still. */
  sendIfIdle(message: Response): void {
    if (!this.closed.aborted && !this.#call.writableNeedDrain) this.#call.write(message);
  }

  /** Throws when the identity has been revoked since. */
  async checkValid(): Promise<void> {
    requireValid(await this.#context.identities.standing(this.identity, this.caller));
  }

  end(error?: unknown): void {
    const { clock, log, timing } = this.#context;
    const { nodeId } = this.identity;
    if (error !== undefined && isInside(error)) {
      log.error({ node: nodeId, stream: this.kind, err: error }, 'a stream failed');
    }
    if (this.closed.aborted) return;
    if (error === undefined) this.#call.end();
    else {
      const status = statusOf(error);
      log.info({ node: nodeId, stream: this.kind, reason: status.details }, 'stream ended');
      // This is how grpc-js is told a status: its own listener sends it after what was written before.
      this.#call.emit('error', status);
    }
    const peer = this.#call.getPeer();
    this.#close.abort();
    // What was written before may never leave when the peer does not read.
    const grace = clock.after(timing.endGraceMs, () => {
      if (!this.#finished) this.#crowd.cutOff(peer);
    });
    this.#call.once('close', () => grace.cancel());
    this.#call.once('finish', () => grace.cancel());
  }
}

/** Checks who calls and runs `serve` until the stream is over; what `serve` throws ends the stream. */
export async function runNodeStream<Response>(
  kind: StreamKind,
  call: ServerDuplexStream<Uint8Array, Response>,
  context: SouthContext,
  crowd: StreamCrowd,
  serve: (stream: NodeStream<Response>) => Promise<void>,
): Promise<void> {
  let stream: NodeStream<Response>;
  try {
    stream = new NodeStream(kind, call, context, crowd);
  } catch (error) {
    context.state.counters.streamsRefused += 1;
    call.emit('error', statusOf(error));
    return;
  }
  const { state, streams, clock, timing } = context;
  streams.add(stream);
  state.streams[kind] += 1;
  const age = Math.min(timing.streamAgeMs, Math.max(0, stream.caller.notAfter - clock.now()));
  const old = clock.after(age, () =>
    stream.end(new TurnpikeError('unavailable', 'the stream is old; dial again')),
  );
  let leave = () => {};
  try {
    await stream.checkValid().catch((error: unknown) => {
      state.counters.streamsRefused += 1;
      throw error;
    });
    streams.admit(stream);
    leave = crowd.know(call.getPeer());
    await serve(stream);
    stream.end();
  } catch (error) {
    stream.end(error);
  } finally {
    old.cancel();
    streams.remove(stream);
    leave();
    state.streams[kind] -= 1;
  }
}
