import { describe, expect, test } from 'vitest';
import { bisect } from './bisect.ts';

function tool(refuses: (item: number) => boolean) {
  const done: number[] = [];
  let attempts = 0;
  return {
    done,
    attempts: () => attempts,
    attempt: async (items: readonly number[]) => {
      attempts += 1;
      if (items.some(refuses)) throw new Error('refused');
      done.push(...items);
    },
  };
}

const thousand = Array.from({ length: 1000 }, (_, index) => index);

describe('finding what is refused', () => {
  test('one bad item among a thousand does not stop the others', async () => {
    const { attempt, done, attempts } = tool((item) => item === 613);
    expect(await bisect(thousand, attempt, false)).toEqual([613]);
    expect(done).toHaveLength(999);
    expect(attempts()).toBeLessThan(25);
  });

  test('when nothing works it is the tool, and nothing is refused', async () => {
    const { attempt } = tool(() => true);
    await expect(bisect([1, 2], attempt, false)).rejects.toThrow('refused');
    await expect(bisect(thousand, attempt, true)).rejects.toThrow('refused');
  });

  test('a single item is refused once the tool is known to work', async () => {
    const { attempt } = tool(() => true);
    expect(await bisect([7], attempt, true)).toEqual([7]);
  });
});
