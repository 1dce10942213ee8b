import type { Socket } from 'node:net';
import { pour } from '../../../unit/south/http2-attacks.ts';
import { type Attack, inTurn } from '../attack.ts';
import { dial } from '../dial.ts';
import type { Field } from '../protocol.ts';
import type { Siege } from '../siege.ts';

function ask({ api, key }: Field, from: string, request: string, ...headers: string[]): Socket {
  const socket = dial(api, from);
  const head = [`${request} HTTP/1.1`, 'host: turnpike', `authorization: Bearer ${key}`, ...headers];
  socket.once('connect', () => socket.write(`${head.join('\r\n')}\r\n\r\n`));
  return socket;
}

/** Nothing of the answer is ever read: a socket without a listener is not. */
export const stalledReaders: Attack = {
  name: 'API: 200 readers of events and 200 of the export that read nothing',
  beside: 'events',
  begin: (siege, field) => {
    const { from } = field;
    siege.keepOpen(200, 40, (n) =>
      ask(field, inTurn(from, n), 'GET /v1/events?cursor=0', 'accept: text/event-stream'),
    );
    siege.keepOpen(200, 40, (n) => ask(field, inTurn(from, n), 'GET /v1/export'));
  },
};

/** What the same events cost by themselves. */
export const nobodyReads: Attack = { name: 'nobody: the same events', beside: 'events' };

const lines = 'content-type: application/x-ndjson';

function* endless(text: string): Generator<Buffer> {
  const body = Buffer.from(text);
  const chunk = Buffer.concat([
    Buffer.from(`${body.length.toString(16)}\r\n`),
    ...[body, Buffer.from('\r\n')],
  ]);
  for (;;) yield chunk;
}

function pourBody(siege: Siege, field: Field, text: string, number: number): Socket {
  const chunked = 'transfer-encoding: chunked';
  const socket = ask(field, inTurn(field.from, number), 'POST /v1/import', lines, chunked).resume();
  socket.once('connect', () => void pour(socket, counted(siege, endless(text))));
  return socket;
}

function* counted(siege: Siege, chunks: Iterable<Buffer>): Generator<Buffer> {
  for (const chunk of chunks) {
    siege.count('MB', chunk.length / 1e6);
    yield chunk;
  }
}

/** Lines that are none, one line that never ends, one that is announced to be huge, and bodies of a byte a second. */
export const bodies: Attack = {
  name: 'API: 40 bodies without end and 200 of a byte a second',
  begin: (siege, field) => {
    const { from } = field;
    siege.keepOpen(20, 20, (n) => pourBody(siege, field, '{}\n'.repeat(5000), n));
    siege.keepOpen(10, 10, (n) => pourBody(siege, field, 'x'.repeat(16_384), n));
    siege.keepOpen(10, 10, (n) => {
      const huge = ['content-type: application/json', 'content-length: 10000000000'];
      const socket = ask(field, inTurn(from, n), 'POST /v1/accounts', ...huge).resume();
      socket.once('connect', () => void pour(socket, endless('x'.repeat(16_384))));
      return socket;
    });
    const slow = new Set<Socket>();
    siege.keepOpen(200, 40, (n) => {
      const [route, type] = n % 2 === 0 ? ['import', lines] : ['accounts', 'content-type: application/json'];
      const socket = ask(
        field,
        inTurn(from, n),
        `POST /v1/${route}`,
        type ?? '',
        'content-length: 60000',
      ).resume();
      slow.add(socket);
      socket.once('close', () => slow.delete(socket));
      return socket;
    });
    siege.repeat(async () => {
      for (const socket of slow) if (!socket.connecting) socket.write(' ');
    }, 1000);
  },
};
