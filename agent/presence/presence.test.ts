import { describe, expect, test } from 'vitest';
import { judge, look, type Sighting } from './judge.ts';

const first: Sighting = {
  at: 0,
  received: 1000n,
  sent: 1000n,
  latestHandshake: 100,
  refusedLooks: 0,
};
const seen = (received: bigint, latestHandshake = 100, sent = 1000n) => ({
  ...{ publicKey: 'k', latestHandshake, received, sent },
});

describe('presence', () => {
  test('connected is a handshake younger than 180 s', () => {
    expect(judge('dev', first, 279, undefined).connected).toBe(true);
    expect(judge('dev', first, 280, undefined).connected).toBe(false);
    expect(judge('dev', { ...first, latestHandshake: 0 }, 100, undefined).connected).toBe(false);
  });

  test('passing is bytes that the gate accepted in the last 10 s', () => {
    expect(judge('dev', { ...first, at: 20_000 }, 0, 10_001).passing).toBe(true);
    expect(judge('dev', { ...first, at: 20_000 }, 0, 10_000).passing).toBe(false);
  });

  test('refused is sending over two looks while the gate accepts nothing', () => {
    const once = look(first, seen(1200n), 2000, undefined);
    expect(judge('dev', once, 0, undefined).refused).toBe(false);
    const twice = look(once, seen(1400n), 4000, undefined);
    expect(judge('dev', twice, 0, undefined).refused).toBe(true);
    expect(look(twice, seen(1600n), 6000, 5000).refusedLooks).toBe(0);
  });

  test('handshakes and keepalives are not sending', () => {
    expect(look(first, seen(1032n), 2000, undefined).refusedLooks).toBe(0);
    expect(look(first, seen(1148n + 32n, 101), 2000, undefined).refusedLooks).toBe(0);
    expect(look(first, seen(1148n + 96n, 101), 2000, undefined).refusedLooks).toBe(1);
  });
});
