import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newMeter, readMeters, startCounting, stopCounting, usedBytes } from './meter.ts';

const counting = startCounting(newMeter('dev', 'sub'), ['10.0.0.2', 'fd00::2']);
const reading = (upload4: bigint, download4: bigint, upload6: bigint, download6: bigint) =>
  new Map([
    ['10.0.0.2', { upload: upload4, download: download4 }],
    ['fd00::2', { upload: upload6, download: download6 }],
  ]);

describe('metering', () => {
  test('adds both addresses of a device, each direction apart', () => {
    const [meter] = readMeters([counting], reading(1n, 20n, 300n, 4000n)).changed;
    expect(meter).toMatchObject({ upload: 301n, download: 4020n });
  });

  test('the same reading twice books nothing twice', () => {
    const [once] = readMeters([counting], reading(1n, 2n, 3n, 4n)).changed;
    expect(once && readMeters([once], reading(1n, 2n, 3n, 4n)).changed).toEqual([]);
  });

  test('a counter that is missing in one reading takes nothing away and is booked when it is back', () => {
    const [first] = readMeters([counting], reading(10n, 0n, 0n, 0n)).changed;
    if (!first) throw new Error('nothing was booked');
    const gap = readMeters([first], new Map([['fd00::2', { upload: 0n, download: 5n }]]));
    expect(gap.missing).toEqual(['dev']);
    expect(gap.changed[0]).toMatchObject({ upload: 10n, download: 5n });
    const back = readMeters(gap.changed, reading(12n, 0n, 0n, 5n));
    expect(back.changed[0]).toMatchObject({ upload: 12n, download: 5n });
  });

  test('of a counter that fell nothing is booked, as it may show what was booked before; its subscription is disturbed', () => {
    const [first] = readMeters([counting], reading(10n, 7n, 0n, 0n)).changed;
    const next = readMeters(first ? [first] : [], reading(3n, 9n, 0n, 0n));
    expect(next.changed[0]).toMatchObject({ upload: 10n, download: 9n });
    expect([...next.disturbed]).toEqual(['sub']);
    const after = readMeters(next.changed, reading(5n, 9n, 0n, 0n));
    expect(after.changed[0]).toMatchObject({ upload: 12n, download: 9n });
  });

  test('a removed device keeps its total, and a later life adds to it', () => {
    const [first] = readMeters([counting], reading(10n, 0n, 0n, 0n)).changed;
    if (!first) throw new Error('nothing was booked');
    const gone = stopCounting(first);
    expect(readMeters([gone], reading(99n, 99n, 99n, 99n)).changed).toEqual([]);
    const [again] = readMeters(
      [startCounting(gone, ['10.0.0.2', 'fd00::2'])],
      reading(4n, 0n, 0n, 0n),
    ).changed;
    expect(again?.upload).toBe(14n);
  });
});

/**
 * A kernel that counts, an agent that reads, journals and dies in between. What is journalled survives; a reading that
 * was not journalled is simply read again.
 */
test('property: over any restarts and lives, totals never shrink and every byte is booked once', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('traffic' as const), bytes: fc.bigInt({ min: 0n, max: 10n ** 12n }) }),
    fc.record({ kind: fc.constant('read' as const), crashes: fc.boolean() }),
    fc.record({ kind: fc.constant('blink' as const) }),
    // Closed, read, journalled; then the elements are deleted and, later, made anew.
    fc.record({ kind: fc.constant('remove and add' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let passed = 0n;
      let kernel = { upload: 0n, download: 0n };
      let journal = startCounting(newMeter('dev', 'sub'), ['a']);
      const readAll = () => readMeters([journal], new Map([['a', kernel]])).changed[0] ?? journal;
      for (const current of steps) {
        const before = usedBytes(journal);
        if (current.kind === 'traffic') {
          const half = current.bytes / 2n;
          passed += current.bytes;
          kernel = { upload: kernel.upload + half, download: kernel.download + current.bytes - half };
        } else if (current.kind === 'read') {
          const next = readAll();
          if (!current.crashes) journal = next;
        } else if (current.kind === 'blink') {
          journal = readMeters([journal], new Map()).changed[0] ?? journal;
        } else {
          journal = stopCounting(readAll());
          kernel = { upload: 0n, download: 0n };
          journal = startCounting(journal, ['a']);
        }
        expect(usedBytes(journal)).toBeGreaterThanOrEqual(before);
        expect(usedBytes(journal)).toBeLessThanOrEqual(passed);
      }
      expect(usedBytes(readAll())).toBe(passed);
    }),
  );
});
