import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCounters, parseLife, parseRuleset, parseTable } from './parse.ts';

// Recorded from nft 1.0.6 on a table that our scripts made.
const recorded = (name: string) => readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8');

describe('parseLife', () => {
  it('reads the tag of our table with its handle', () => {
    expect(parseLife(recorded('chains'))).toBe('36584856d6ba4d1d/45');
  });

  it('finds none in a ruleset of others', () => {
    const foreign = recorded('chains').replaceAll('"table": "turnpike"', '"table": "other"');
    expect(parseLife(foreign)).toBeUndefined();
    expect(parseLife('{"nftables": [{"metainfo": {}}]}')).toBeUndefined();
  });
});

describe('parseRuleset', () => {
  it('subtracts what was used, exact beyond 2^53', () => {
    expect(parseRuleset(recorded('ruleset')).quotaRemaining).toEqual(
      new Map([
        ['sub_x_1', 9_007_199_254_740_993n],
        ['sub_y_2', 0n],
        ['sub_y_3', 122_456n],
      ]),
    );
  });

  it('never says less than nothing', () => {
    const over = recorded('ruleset').replace('"used": 1000,', '"used": 1028,');
    expect(parseRuleset(over).quotaRemaining.get('sub_y_2')).toBe(0n);
  });
});

describe('parseCounters', () => {
  it.each([
    ['up4', '10.64.0.9', 9_007_199_254_740_995n],
    ['up4', '10.64.0.2', 0n],
    ['up6', 'fd74:7572:6e70::9', 700n],
  ])('reads %s of %s', (set, address, bytes) => {
    expect(parseCounters(recorded(`set-${set}`), set).get(address)).toBe(bytes);
  });

  it('says so when the set is another one', () => {
    expect(() => parseCounters(recorded('set-up4'), 'down4')).toThrow('set down4 is missing');
  });
});

describe('parseTable', () => {
  const table = parseTable(recorded('table'));

  it('counts an address that has counters both ways, and not one that has them one way', () => {
    expect(table.counted).toContain('10.64.0.9');
    expect(table.counted).toContain('fd74:7572:6e70::5');
    expect(table.counted).not.toContain('fd74:7572:6e70::9');
  });

  it('reads who passes how', () => {
    expect([...table.unlimited]).toEqual(['10.64.0.2', 'fd74:7572:6e70::2']);
    expect([...table.allowance]).toEqual(['10.64.0.4', 'fd74:7572:6e70::4']);
    expect(Object.fromEntries(table.quotaOf)).toEqual({
      '10.64.0.3': 'sub_x_1',
      'fd74:7572:6e70::3': 'sub_x_1',
    });
    expect(table.quotas.get('sub_y_3')).toEqual({ bytes: 123_456n });
  });

  it('reads who was not heard, and until when an allowance lasts', () => {
    expect([...table.unheard]).toEqual(['10.64.0.4', 'fd74:7572:6e70::4']);
    expect([...table.endsIn]).toEqual([
      ['10.64.0.4', 3600],
      ['fd74:7572:6e70::4', 3600],
    ]);
  });

  it('reads who is slowed down, also where nft writes a speed in KiB', () => {
    const speed = { paceUp: 'sub_u_4', paceDown: 'sub_u_5' };
    expect(Object.fromEntries(table.speedOf)).toEqual({
      '10.64.0.2': speed,
      'fd74:7572:6e70::2': speed,
      '10.64.0.3': { poolUp: 'sub_x_6' },
      'fd74:7572:6e70::3': { poolUp: 'sub_x_6' },
    });
    expect(Object.fromEntries(table.limits)).toEqual({
      sub_u_4: { bytesPerSecond: 125_000n },
      sub_u_5: { bytesPerSecond: 1_250_000n },
      sub_x_6: { bytesPerSecond: 3072n },
    });
  });
});

describe('what nft prints is refused where it cannot be, and is repeated in no error', () => {
  const counters = (element: string) =>
    recorded('set-up4').replace(/"elem": \[[\s\S]*\]\s*\}\s*\}\s*\]/, `"elem": [${element}] } } ]`);

  it.each<[string, () => unknown, string]>([
    ['no JSON', () => parseLife('203.0.113.7'), 'no JSON'],
    ['no list', () => parseLife('{"nftables": {"203.0.113.7": 1}}'), 'no list'],
    [
      'a range',
      () => parseCounters(counters('{"prefix": {"addr": "203.0.113.7", "len": 8}}'), 'up4'),
      'neither a value nor',
    ],
    [
      'bytes that are none',
      () =>
        parseCounters(counters('{"elem": {"val": "10.64.0.2", "counter": {"bytes": "203.0.113.7"}}}'), 'up4'),
      'bytes is no number',
    ],
  ])('%s', (_what, parse, says) => {
    expect(parse).toThrow(says);
    expect(parse).not.toThrow('203.0.113.7');
  });
});
