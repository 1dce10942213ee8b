import { describe, expect, test } from 'vitest';
import {
  followPeer,
  isShared,
  isSuspect,
  noTrace,
  type PeerLook,
  restTrace,
  type Trace,
} from './detector.ts';

/** Looks at these seconds; when it was found, or undefined. */
function foundAt(seconds: number, every: number, lookAt: (second: number) => PeerLook): number | undefined {
  let trace: Trace = noTrace;
  for (let second = 0; second <= seconds; second += every) {
    trace = followPeer(trace, lookAt(second), second * 1000);
    if (isShared(trace, second * 1000)) return second;
  }
  return undefined;
}

const shaken = (second: number) => 1_700_000_000 + Math.floor(second);
const turns = (second: number, every: number) => Math.floor(second / every) % 2 === 0;

describe('two copies of a key', () => {
  test('that both ask and wait for answers are found by returns and early handshakes', () => {
    // Only one of them is heard for some seconds after each handshake.
    const found = foundAt(60, 0.25, (second) => ({
      place: second % 15 < 5 || turns(second, 0.5) ? 'a' : 'b',
      latestHandshake: shaken(second - (second % 15)),
    }));
    expect(found).toBeLessThanOrEqual(45);
  });

  test('that both send all the time are found by returns alone', () => {
    const found = foundAt(60, 0.5, (second) => ({
      place: turns(second, 1) ? 'a' : 'b',
      latestHandshake: shaken(0),
    }));
    expect(found).toBeLessThanOrEqual(30);
  });

  /** From place to place every second, until they were found `times` times; and when that was, in milliseconds. */
  const shareUntilFound = (times: number) => {
    let trace = noTrace;
    for (let second = 0; ; second += 1) {
      const { sharedUntil } = trace;
      trace = followPeer(trace, { place: `${second % 2}`, latestHandshake: shaken(0) }, second * 1000);
      if (trace.sharedUntil !== sharedUntil && --times === 0) return { trace, at: second * 1000 };
    }
  };

  test('count as shared for ten minutes after the last evidence', () => {
    const { trace, at } = shareUntilFound(1);
    expect(isShared(trace, at + 599_999)).toBe(true);
    expect(isShared(trace, at + 600_000)).toBe(false);
  });

  test('that go on are found again as quickly as at first', () => {
    expect(shareUntilFound(2).at).toBeLessThanOrEqual(60_000);
    expect(shareUntilFound(3).at).toBeLessThanOrEqual(90_000);
  });

  test('of which one is given up are no evidence again, when the other one comes back and shakes hands', () => {
    let { trace, at } = shareUntilFound(1);
    for (const [n, later] of [1000, 6000, 20_000, 35_000, 50_000, 90_000].entries()) {
      const look = { place: `${n % 2}`, latestHandshake: shaken((at + later) / 1000) };
      trace = followPeer(trace, look, at + later);
    }
    expect(isShared(trace, at + 599_999)).toBe(true);
    expect(isShared(trace, at + 600_000)).toBe(false);
  });

  test('count on while closed, and nothing else is kept of them', () => {
    const { trace, at } = shareUntilFound(1);
    const rested = restTrace(trace, at + 1000);
    expect(rested).toEqual({ ...noTrace, sharedUntil: at + 600_000 });
    expect(restTrace(rested, at + 600_000)).toBe(noTrace);
    expect(isSuspect(rested, at + 1000)).toBe(false);
  });
});

describe('one device', () => {
  test.each([0.2, 1, 3])('that walks out and back ten times, %d s at each place, is no alarm', (every) => {
    const looks = (second: number) => ({
      place: second < 20 * every && !turns(second, every) ? 'mobile' : 'home',
      latestHandshake: shaken(second - (second % 120)),
    });
    expect(foundAt(180, 0.1, looks)).toBeUndefined();
  });

  test.each([3, 6, 20])('that shakes hands early at ten walks, %d s at each place, is no alarm', (every) => {
    const looks = (second: number) => ({
      place: second < 20 * every && !turns(second, every) ? 'mobile' : 'home',
      latestHandshake: shaken(second - (second % 15)),
    });
    expect(foundAt(450, 0.25, looks)).toBeUndefined();
  });

  test('whose address changes to a new one each time is no alarm', () => {
    const looks = (second: number) => ({
      place: `${second}`,
      latestHandshake: shaken(second - (second % 10)),
    });
    expect(foundAt(300, 1, looks)).toBeUndefined();
  });

  test('is looked at more often after it came back to a place', () => {
    let trace = followPeer(noTrace, { place: 'a', latestHandshake: 1 }, 0);
    trace = followPeer(trace, { place: 'b', latestHandshake: 1 }, 1000);
    expect(isSuspect(trace, 1000)).toBe(false);
    trace = followPeer(trace, { place: 'a', latestHandshake: 1 }, 2000);
    expect(isSuspect(trace, 2000)).toBe(true);
    expect(isSuspect(trace, 32_000)).toBe(false);
  });

  test('is looked at more often after it shook hands early, as two do that send in step', () => {
    let trace = followPeer(noTrace, { place: 'a', latestHandshake: shaken(0) }, 0);
    trace = followPeer(trace, { place: 'a', latestHandshake: shaken(120) }, 120_000);
    expect(isSuspect(trace, 120_000)).toBe(false);
    trace = followPeer(trace, { place: 'a', latestHandshake: shaken(135) }, 135_000);
    expect(isSuspect(trace, 135_000)).toBe(true);
    expect(isShared(trace, 135_000)).toBe(false);
  });
});
