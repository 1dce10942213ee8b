import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Crowd } from '../../common/crowd.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { readSerially, send } from '../../common/grpc/stream.ts';
import { type Caller, readCaller } from '../identity/peer.ts';
import type { SouthContext } from './context.ts';
import { type LiveStream, requireValid, type StreamKind } from './live-streams.ts';
import { messagesOf } from './message-rate.ts';
import type { NodeIdentity } from './ports.ts';
import { isInside, statusOf } from './status.ts';

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
  /** With what we ended it. */
  #status: ReturnType<typeof statusOf> | undefined;

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
    const { clock, messages } = this.#context;
    const bucket = messages.bucket(this.kind, this.identity, clock.monotonic());
    return readSerially(this.#call, this.closed, async (message: Uint8Array) => {
      const count = messagesOf(message.length);
      const wait = bucket.take(clock.monotonic(), count);
      if (wait > 0) await clock.sleep(wait, this.closed);
      if (!this.closed.aborted) await onMessage(message);
      // Otherwise a node whose connection breaks again and again would wait for what nobody has read.
      else bucket.giveBack(clock.monotonic(), count);
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
    const { clock, timing } = this.#context;
    // Our own word, which comes back to whoever reads the stream.
    if (error !== undefined && error === this.#status) return;
    // Also when the stream is over: what went wrong here is worth knowing.
    if (error !== undefined && isInside(error)) this.#say('a stream failed', { err: error });
    if (this.closed.aborted) return;
    if (error === undefined) this.#call.end();
    else {
      this.#status = statusOf(error);
      this.#say('stream ended', { reason: this.#status.details });
      // This is how grpc-js is told a status: its own listener sends it after what was written before.
      this.#call.emit('error', this.#status);
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

  #say(what: 'a stream failed' | 'stream ended', fields: object): void {
    const { clock, endings, log } = this.#context;
    const { nodeId, incarnation } = this.identity;
    const failed = what === 'a stream failed';
    const unsaid = endings.say(`${failed} ${this.kind} ${nodeId} ${incarnation}`, clock.monotonic());
    if (unsaid === undefined) return;
    const about = { node: nodeId, stream: this.kind, ...fields, ...(unsaid > 0 && { unsaid }) };
    log[failed ? 'error' : 'info'](about, what);
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
