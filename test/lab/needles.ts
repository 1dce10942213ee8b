import { parse } from 'ipaddr.js';

/** Something that must stand nowhere, in one of its forms. */
export interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

/** An address in every form in which a program could keep it. */
export function addressNeedles(what: string, address: string): Needle[] {
  const parsed = parse(address);
  const bytes = Buffer.from(parsed.toByteArray());
  const hex = bytes.toString('hex');
  const isV4 = parsed.kind() === 'ipv4';
  const groups = hex.match(/.{4}/g) ?? [];
  const texts = isV4
    ? [
        parsed.toString(),
        [...bytes].map((part) => String(part).padStart(3, '0')).join('.'),
        [...bytes].reverse().join('.'),
        String(bytes.readUInt32BE()),
        String(bytes.readUInt32LE()),
        groups.join(':'),
      ]
    : [
        parsed.toString(),
        groups.join(':'),
        groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':'),
        [...hex].reverse().join('.'),
      ];
  return [
    ...[...texts, hex, Buffer.from(bytes).reverse().toString('hex')].flatMap((text) => spellings(what, text)),
    { name: `${what}, binary`, bytes },
    { name: `${what}, binary, little-endian`, bytes: Buffer.from(bytes).reverse() },
    ...(isV4 ? [] : base64Of(what, bytes)),
  ];
}

/** A word: a name, or what was in a packet. */
export function wordNeedles(what: string, word: string): Needle[] {
  const bytes = Buffer.from(word);
  return [...spellings(what, word), ...spellings(what, bytes.toString('hex')), ...base64Of(what, bytes)];
}

function spellings(what: string, text: string): Needle[] {
  const cases = new Set([text.toLowerCase(), text.toUpperCase()]);
  return [...cases].map((one) => ({ name: `${what}, as ${one}`, bytes: Buffer.from(one) }));
}

/** Within a longer text in base64, wherever it begins. */
function base64Of(what: string, bytes: Uint8Array): Needle[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and the last character may hold bits of the neighbours.
    const inner = text.slice(before === 0 ? 0 : before + 1, -1);
    return { name: `${what}, in base64 (${before})`, bytes: Buffer.from(inner) };
  });
}

/** Names of those that are in it. */
export function needlesIn(hay: Uint8Array, needles: readonly Needle[]): string[] {
  const buffer = Buffer.from(hay.buffer, hay.byteOffset, hay.byteLength);
  return needles.filter(({ bytes }) => buffer.includes(bytes)).map(({ name }) => name);
}

/** How many of the short binary forms would be found in so many random bytes by chance, on average. */
export function expectedByChance(hayBytes: number, needles: readonly Needle[]): number {
  return needles.reduce((sum, { bytes }) => sum + hayBytes / 256 ** bytes.length, 0);
}
