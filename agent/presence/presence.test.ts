import { describe, expect, test } from 'vitest';
import { noTrace } from '../sharing/detector.ts';
import { judge, look, type Sighting } from './judge.ts';
import { observeTraffic, type Traffic } from './traffic.ts';

const first: Sighting = { at: 0, received: 1000n, latestHandshake: 100, refusedLooks: 0, refusedAt: 0 };
const heard = (received: bigint, latestHandshake = 100) => ({
  ...{ publicKey: 'k', latestHandshake, received, sent: 1000n },
});
/** The counters were read just before the look, and showed nothing accepted. */
const nothing = (readAt: number) => ({ passedAt: undefined, readAt });
const judged = (
  change: { sighting?: Sighting; latestHandshake?: number; traffic?: Traffic },
  now = 0,
  wall = 0,
) =>
  judge(
    { id: 'dev', revision: 1n },
    {
      ...{ sighting: first, latestHandshake: 100, traffic: undefined, readAt: now, trace: noTrace },
      ...change,
    },
    now,
    wall,
  );

describe('presence', () => {
  test('connected is a handshake younger than 180 s', () => {
    expect(judged({}, 0, 279).connected).toBe(true);
    expect(judged({}, 0, 280).connected).toBe(false);
    expect(judged({ latestHandshake: 0 }, 0, 100).connected).toBe(false);
  });

  test('passing is bytes that the gate accepted in the last 10 s', () => {
    const traffic = observeTraffic(undefined, { upload: 1n, download: 0n }, 10_000, 1000);
    expect(judged({ traffic }, 19_999).passing).toBe(true);
    expect(judged({ traffic }, 20_000).passing).toBe(false);
  });

  test('refused is sending over two looks while the gate accepts nothing', () => {
    const once = look(first, heard(1200n), 2000, nothing(1500));
    expect(judged({ sighting: once }).refused).toBe(false);
    const twice = look(once, heard(1400n), 4000, nothing(3500));
    expect(judged({ sighting: twice }).refused).toBe(true);
    expect(look(twice, heard(1600n), 6000, { passedAt: 5000, readAt: 5000 }).refusedLooks).toBe(0);
  });

  test('a look without a reading of the counters since the one before proves nothing more', () => {
    const once = look(first, heard(1200n), 2000, nothing(-1000));
    expect(look(once, heard(1400n), 2250, nothing(1900))).toBe(once);
  });

  test('who is refused and tries again within 10 s is refused all the time', () => {
    const once = look(first, heard(1200n), 1000, nothing(900));
    const pause = look(once, heard(1200n), 10_000, nothing(9900));
    const twice = look(pause, heard(1400n), 10_500, nothing(10_400));
    expect(judged({ sighting: twice }).refused).toBe(true);
    expect(look(twice, heard(1400n), 20_500, nothing(20_400)).refusedLooks).toBe(0);
  });

  test('handshakes and keepalives are not sending', () => {
    expect(look(first, heard(1032n), 2000, nothing(1500)).refusedLooks).toBe(0);
    expect(look(first, heard(1148n + 32n, 101), 2000, nothing(1500)).refusedLooks).toBe(0);
    expect(look(first, heard(1148n + 96n, 101), 2000, nothing(1500)).refusedLooks).toBe(1);
  });
});
