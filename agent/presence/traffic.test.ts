import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isActive, isUploading, observeTraffic, type Traffic } from './traffic.ts';

const up = (bytes: number) => ({ upload: BigInt(bytes), download: 0n });

describe('active', () => {
  test('is 1 KiB at once, for 60 s', () => {
    const traffic = observeTraffic(undefined, up(1024), 1000, 1000);
    expect(isActive(traffic, 60_999)).toBe(true);
    expect(isActive(traffic, 61_000)).toBe(false);
    expect(isActive(observeTraffic(undefined, up(1023), 0, 1000), 0)).toBe(false);
  });

  test('is 1 KiB in small parts within 60 s, not over longer', () => {
    const becomes = (everyMs: number) => {
      let traffic: Traffic | undefined;
      for (let at = 0; at <= 600_000; at += everyMs) {
        traffic = observeTraffic(traffic, up(100), at, everyMs);
        if (isActive(traffic, at)) return true;
      }
      return false;
    };
    expect(becomes(5_000)).toBe(true);
    expect(becomes(25_000)).toBe(false);
  });
});

describe('uploading', () => {
  test('is upload in most of the last seconds, also when it comes once a second', () => {
    let traffic: Traffic | undefined;
    for (let at = 0; at < 20_000; at += 200) {
      if (at % 1000 === 0) traffic = observeTraffic(traffic, up(100), at, 200);
    }
    expect(isUploading(traffic, 20_000)).toBe(true);
    expect(isUploading(traffic, 23_000)).toBe(false);
    expect(isUploading(observeTraffic(undefined, up(5000), 0, 1000), 0)).toBe(false);
    expect(isUploading(observeTraffic(traffic, { upload: 0n, download: 9n }, 23_000, 200), 23_000)).toBe(
      false,
    );
  });

  test('is not forgotten between two readings that are far apart', () => {
    let traffic: Traffic | undefined;
    for (let at = 0; at < 30_000; at += 4000) traffic = observeTraffic(traffic, up(1000), at, 4000);
    expect(isUploading(traffic, 28_000)).toBe(true);
    expect(isUploading(traffic, 32_000)).toBe(false);
  });

  test('is not so on two nodes for long while one uploads on one after the other, whatever the turns', () => {
    const turns = fc.array(fc.integer({ min: 3, max: 40 }), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(turns, (seconds) => {
        const traffics: (Traffic | undefined)[] = [undefined, undefined];
        let now = 0;
        let both = 0;
        for (const [turn, length] of seconds.entries()) {
          for (let second = 0; second < length; second += 1) {
            now += 1000;
            traffics[turn % 2] = observeTraffic(traffics[turn % 2], up(1000), now, 1000);
            both = traffics.every((traffic) => isUploading(traffic, now)) ? both + 1 : 0;
            expect(both).toBeLessThan(5);
          }
        }
      }),
    );
  });
});
