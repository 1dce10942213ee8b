import { TurnpikeError } from '../../common/errors.ts';

/** Attributes as in netlink(7): length and type in the machine's byte order, a value, filled up to four bytes. */
const headerBytes = 4;

/** Two bits of a type say how the value is written, which we know. */
const typeBits = 0x3fff;

const aligned = (length: number) => (length + 3) & ~3;

/** The value of the first attribute of that type; undefined without one. @throws TurnpikeError `environment` */
export function attribute(attributes: Buffer, type: number): Buffer | undefined {
  const at = seek(attributes, type, 0);
  return at < 0 ? undefined : valueAt(attributes, at);
}

/** The values of all attributes of that type, in their order. @throws TurnpikeError `environment` */
export function allAttributes(attributes: Buffer, type: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = seek(attributes, type, 0); at >= 0; at = seek(attributes, type, after(attributes, at))) {
    found.push(valueAt(attributes, at));
  }
  return found;
}

/** Where the next attribute of that type begins; -1 without one. */
function seek(attributes: Buffer, type: number, from: number): number {
  for (let at = from; at + headerBytes <= attributes.length; at = after(attributes, at)) {
    if ((attributes.readUInt16LE(at + 2) & typeBits) === type) return at;
  }
  return -1;
}

function after(attributes: Buffer, at: number): number {
  return at + aligned(lengthAt(attributes, at));
}

function valueAt(attributes: Buffer, at: number): Buffer {
  return attributes.subarray(at + headerBytes, at + lengthAt(attributes, at));
}

function lengthAt(attributes: Buffer, at: number): number {
  const length = attributes.readUInt16LE(at);
  if (length < headerBytes || at + length > attributes.length) throw unexpected('an attribute is cut off');
  return length;
}

/** Text with a zero at its end. */
export function textOf(value: Buffer | undefined): string {
  if (value === undefined || value.at(-1) !== 0) throw unexpected('a text is missing');
  return value.toString('latin1', 0, value.length - 1);
}

/** 64 bits, network byte order. */
export function numberOf(value: Buffer | undefined): bigint {
  if (value?.length !== 8) throw unexpected('a number is missing');
  return value.readBigUInt64BE();
}

export function textAttribute(type: number, text: string): Buffer {
  return rawAttribute(type, Buffer.from(`${text}\0`, 'latin1'));
}

/** 32 bits, network byte order. */
export function wordAttribute(type: number, word: number): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(word);
  return rawAttribute(type, value);
}

function rawAttribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(aligned(headerBytes + value.length));
  bytes.writeUInt16LE(headerBytes + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, headerBytes);
  return bytes;
}

export function unexpected(what: string): TurnpikeError {
  return new TurnpikeError('environment', `the kernel describes our table in an unexpected way: ${what}`, {
    remedy: 'somebody may have changed it; turnpike-agent makes it anew',
  });
}
