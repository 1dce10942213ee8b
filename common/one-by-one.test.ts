import { expect, it } from 'vitest';
import { oneByOne } from './one-by-one.ts';

it('begins work when the work before it has ended, also where that failed', async () => {
  const order = oneByOne();
  const { promise, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  const first = order(async () => {
    said.push('first');
    await promise;
  });
  const second = order(async () => {
    said.push('second');
    return 2;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(said).toEqual(['first']);
  reject(new Error('it failed'));
  await expect(first).rejects.toThrow('it failed');
  expect(await second).toBe(2);
  expect(said).toEqual(['first', 'second']);
});
