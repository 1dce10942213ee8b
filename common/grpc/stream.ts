import type { EventEmitter } from 'node:events';

/** What the functions below need of a stream of grpc-js, on either side. */
export interface MessageSource<Message> extends EventEmitter {
  on(event: 'data', listener: (message: Message) => void): this;
  on(event: 'end' | 'error', listener: (error?: Error) => void): this;
  pause(): unknown;
  resume(): unknown;
}

export interface MessageSink<Message> extends EventEmitter {
  write(message: Message): boolean;
}

/**
 * Gives each message to `onMessage`, one after the other; while it works nothing more is read, so that a fast peer is
 * held back by HTTP/2 instead of filling our memory. Resolves when the peer has ended its side or `closed` aborts.
 * @throws what `onMessage` throws, and the stream's own error
 */
export function readSerially<Message>(
  stream: MessageSource<Message>,
  closed: AbortSignal,
  onMessage: (message: Message) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let working: Promise<void> = Promise.resolve();
    // However the stream ends, not before the message at hand is dealt with.
    const finish = () => void working.then(resolve, reject);
    stream.on('data', (message: Message) => {
      if (closed.aborted) return;
      stream.pause();
      working = onMessage(message).then(() => void stream.resume());
      working.catch(reject);
    });
    stream.on('end', finish);
    stream.on('error', (error) => void working.then(() => reject(error), reject));
    closed.addEventListener('abort', finish, { once: true });
    if (closed.aborted) finish();
  });
}

/**
 * Writes, and waits while the peer does not keep up. A cancelled stream never drains, so the wait ends with `closed`
 * as well; what was not sent then is lost with the stream.
 */
export async function send<Message>(
  stream: MessageSink<Message>,
  message: Message,
  closed: AbortSignal,
): Promise<void> {
  if (closed.aborted || stream.write(message)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done);
      closed.removeEventListener('abort', done);
      resolve();
    };
    stream.on('drain', done);
    closed.addEventListener('abort', done);
  });
}
