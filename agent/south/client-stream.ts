import { type ClientDuplexStream, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { TurnpikeError } from '../../common/errors.ts';
import { readSerially, send } from '../../common/grpc/stream.ts';
import type { Channel } from './connection.ts';

/** One bidirectional stream to the controller. */
export class ClientStream<Request, Response> {
  /** Aborts when the stream is over, whichever side ended it. */
  readonly closed: AbortSignal;
  readonly #call: ClientDuplexStream<Request, Response>;
  readonly #close = new AbortController();
  #failure: Error | undefined;

  constructor(call: ClientDuplexStream<Request, Response>) {
    this.#call = call;
    this.closed = this.#close.signal;
    call.on('error', (error: Error) => this.fail(error));
    call.on('status', () => this.#close.abort());
  }

  /** Reads until the controller ends the stream. Throws why it ended, if it did not end well. */
  async read(onMessage: (message: Response) => Promise<void>): Promise<void> {
    await readSerially(this.#call, this.closed, onMessage);
    if (this.#failure) throw this.#failure;
  }

  send(message: Request): Promise<void> {
    return send(this.#call, message, this.closed);
  }

  /** Sends, unless earlier messages wait still. */
  sendIfIdle(message: Request): void {
    if (!this.closed.aborted && !this.#call.writableNeedDrain) this.#call.write(message);
  }

  /** Ends the stream; `read` throws this. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.cancel();
  }

  cancel(): void {
    this.#close.abort();
    this.#call.cancel();
  }
}

/**
 * Opens a stream and runs `serve` on it until it is over or `signal` aborts.
 * @throws why it is over, also when the controller ended it politely; returns only after `signal`
 */
export async function runClientStream<Request, Response>(
  { client, dropped }: Channel,
  method: MethodDefinition<Request, Response>,
  signal: AbortSignal,
  serve: (stream: ClientStream<Request, Response>) => Promise<void>,
): Promise<void> {
  const stream = new ClientStream(
    client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      new Metadata(),
      {},
    ),
  );
  const onAbort = () => stream.cancel();
  const onDropped = () => stream.fail(new TurnpikeError('unavailable', 'the connection was given up'));
  signal.addEventListener('abort', onAbort);
  dropped.addEventListener('abort', onDropped);
  try {
    if (dropped.aborted) onDropped();
    await serve(stream);
    if (!signal.aborted) throw new TurnpikeError('unavailable', 'the controller ended the stream');
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    dropped.removeEventListener('abort', onDropped);
    stream.cancel();
  }
}
