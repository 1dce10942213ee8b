import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfLine, splitLines } from './ndjson.ts';

async function lines(...chunks: Uint8Array[]) {
  async function* bytes() {
    yield* chunks;
  }
  const all: (readonly [number, string])[] = [];
  for await (const { number, text } of splitLines(bytes())) {
    all.push([number, text instanceof Error ? `! ${text.message}` : text]);
  }
  return all;
}

describe('lines', () => {
  it('are the same wherever the network cuts them', async () => {
    const text = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }).map((one) => one.trim()));
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.nat({ max: 40 })),
        fc.constantFrom('\n', '\r\n'),
        async (all, cuts, end) => {
          const whole = Buffer.from(all.map((line) => line.replace(/[\r\n]/g, '') + end).join(''));
          const at = [...new Set(cuts.filter((cut) => cut < whole.length))].sort((a, b) => a - b);
          const parts = [0, ...at].map((from, n) => whole.subarray(from, at[n] ?? whole.length));
          expect(await lines(...parts)).toEqual(await lines(whole));
          expect(await lines(whole)).toEqual(
            all.flatMap((line, n) =>
              line.replace(/[\r\n]/g, '').trim() === '' ? [] : [[n + 1, line.replace(/[\r\n]/g, '').trim()]],
            ),
          );
        },
      ),
    );
  });

  it('that are too long, or no UTF-8, are refused by their number, and the next ones are read', async () => {
    const long = Buffer.alloc(bytesOfLine + 1, 'x');
    const parts = [
      Buffer.from('a\n'),
      long,
      Buffer.from('\n\nb\n'),
      Buffer.from([0xff, 10]),
      Buffer.from('c'),
    ];
    expect(await lines(...parts)).toEqual([
      [1, 'a'],
      [2, `! the line has ${bytesOfLine + 1} bytes, and may have ${bytesOfLine}`],
      [4, 'b'],
      [5, '! the line is not UTF-8'],
      [6, 'c'],
    ]);
  });

  it('need no line break at the end, and none of them no line', async () => {
    expect(await lines(Buffer.from('a\nb'))).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(await lines(Buffer.from('\n\r\n '))).toEqual([]);
  });
});
