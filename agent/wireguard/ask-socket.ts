import { connect } from 'node:net';
import { TurnpikeError } from '../../common/errors.ts';

/**
 * Asks wireguard-go on its socket, and gives what it says to the reader until that one has all of it.
 * @throws TurnpikeError `unavailable` when no answer comes; what the reader throws
 */
export function askSocket(
  path: string,
  question: string,
  reader: { read(chunk: string): boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const end = (error: unknown) => {
      socket.destroy();
      reject(error);
    };
    const fail = (why: string) =>
      end(new TurnpikeError('unavailable', `wireguard-go does not answer on ${path}: ${why}`));
    socket.setEncoding('latin1');
    socket.setTimeout(120_000, () => fail('it takes too long'));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown'));
    socket.on('close', () => fail('it hung up'));
    socket.on('data', (chunk: string) => {
      try {
        if (!reader.read(chunk)) return;
      } catch (error) {
        // Thrown from here, it would end the process.
        return end(error);
      }
      socket.destroy();
      resolve();
    });
    socket.write(question);
  });
}
