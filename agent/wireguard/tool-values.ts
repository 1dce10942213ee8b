import { isIP } from 'node:net';
import { TurnpikeError } from '../../common/errors.ts';
import { looksLikeWireguardKey } from '../../common/wireguard-key.ts';
import { keyFromHex } from './keys.ts';

// What a program says is checked before it is believed. No error repeats it: it holds keys and clients' addresses.

/** @throws TurnpikeError `environment`, as all here do */
export function readKey(program: string, text: string | undefined): string {
  if (text === undefined || !looksLikeWireguardKey(text))
    throw strange(program, 'no key where one was expected');
  return text;
}

/** 32 bytes in hex, and the same in base64. */
export function readHexKey(program: string, hex: string): { readonly hex: string; readonly base64: string } {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw strange(program, 'no key where one was expected');
  return { hex, base64: keyFromHex(hex) };
}

/** An address, or a range of more than one. */
export function readAddress(program: string, text: string): string {
  const [address = '', length = '0', rest] = text.split('/');
  const valid = isIP(address) > 0 && !address.includes('%') && /^\d{1,3}$/.test(length) && rest === undefined;
  if (!valid) throw strange(program, 'no address where one was expected');
  return text;
}

/** A figure of 64 bits. */
export function readCount(program: string, text: string): bigint {
  const count = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (count === undefined || count >= 2n ** 64n) throw strange(program, 'no number where one was expected');
  return count;
}

/** Since 1970. */
export function readSeconds(program: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw strange(program, 'no time where one was expected');
  return Number(text);
}

export function readErrno(program: string, text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw strange(program, 'no error number where one was expected');
  return Number(text);
}

export function strange(program: string, what: string): TurnpikeError {
  return new TurnpikeError('environment', `${program} printed ${what}`, {
    remedy: 'use the version that Debian has; another one may print other things',
  });
}
