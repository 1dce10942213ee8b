import { describe, expect, it } from 'vitest';
import { TurnpikeError } from '../../common/errors.ts';
import { Places } from './places.ts';
import { AnswerReader } from './uapi-text.ts';
import { parseActivity, parseAllowedIps, parsePublicKey } from './wg-text.ts';

const key = 'R3yVVzHGnZgPDJQQHt0FLBBS6uCMJJhEMXAS9jPyCXs=';
const reader = () => new AnswerReader(new Places());

describe('what a program says is refused where it cannot be, and is repeated in no error', () => {
  it.each<[string, () => unknown]>([
    ['a key that is none', () => parsePublicKey('203.0.113.7\n')],
    ['a peer that is none', () => parseAllowedIps('203.0.113.7\t10.64.0.2/32\n')],
    ['an address that is none', () => parseAllowedIps(`${key}\t203.0.113.7;reboot\n`)],
    ['a figure that is none', () => parseActivity(`${key}\t0\n`, `${key}\t203.0.113.7\t0\n`, new Map())],
    [
      'a figure beyond 64 bits',
      () => parseActivity(`${key}\t0\n`, `${key}\t18446744073709551616\t0\n`, new Map()),
    ],
    ['a time that is none', () => parseActivity(`${key}\t203.0.113.7\n`, `${key}\t0\t0\n`, new Map())],
    ['a key of wireguard-go', () => reader().read('public_key=203.0.113.7\n')],
    [
      'a figure of wireguard-go',
      () => reader().read(`public_key=${'ab'.repeat(32)}\nrx_bytes=203.0.113.7\n`),
    ],
  ])('%s', (_what, parse) => {
    let thrown: unknown;
    try {
      parse();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TurnpikeError);
    expect(thrown).toMatchObject({ code: 'environment' });
    expect(String((thrown as Error).stack)).not.toContain('203.0.113.7');
    expect((thrown as Error).cause).toBeUndefined();
  });
});
