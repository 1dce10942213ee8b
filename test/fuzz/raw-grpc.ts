import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { controllerName } from '../../common/pki/names.ts';

/** How a call ended: the status of gRPC, or undefined when the connection was ended instead. */
export interface Ended {
  readonly status: number | undefined;
  readonly details: string;
  readonly answers: readonly Buffer[];
}

/** What is not answered by then is not answered. */
const patienceMs = 10_000;

/** A caller that sends whatever bytes it is given as messages, from any address of this machine. */
export class RawGrpc {
  readonly #session: ClientHttp2Session;

  constructor(address: string, identity: SecureContextOptions = {}, localAddress = '127.0.0.1') {
    this.#session = connect(`https://${address}`, {
      createConnection: ({ port }) =>
        connectTls({
          ...{ port: Number(port), host: '127.0.0.1', localAddress, ALPNProtocols: ['h2'] },
          ...{ ...identity, servername: controllerName, rejectUnauthorized: false },
        }),
    });
    this.#session.on('error', () => undefined);
  }

  /** All messages at once, and then the end of our side. */
  call(path: string, messages: readonly Uint8Array[]): Promise<Ended> {
    return new Promise((resolve) => {
      const headers = {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      };
      const stream = this.#session.request(headers);
      const patience = setTimeout(() => stream.close(), patienceMs);
      const chunks: Buffer[] = [];
      let status: number | undefined;
      let details = '';
      const take = (trailers: Record<string, unknown>) => {
        if (trailers['grpc-status'] === undefined) return;
        status = Number(trailers['grpc-status']);
        details = decodeURIComponent(String(trailers['grpc-message'] ?? ''));
      };
      // Without an answer the status comes with the headers.
      stream.on('response', take).on('trailers', take);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined);
      stream.once('close', () => {
        clearTimeout(patience);
        resolve({ status, details, answers: messagesIn(Buffer.concat(chunks)) });
      });
      for (const message of messages) stream.write(framed(message));
      stream.end();
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

/** As gRPC sends a message: not compressed, its length, itself. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return messages;
}
