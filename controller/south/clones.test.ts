import { expect, it } from 'vitest';
import { CloneWatch } from './clones.ts';

const hour = 3600_000;

function told(instances: string, step = 1000): boolean[] {
  const watch = new CloneWatch();
  return [...instances].map((instance, index) => watch.hello('nod_a 1', instance, index * step));
}

it('processes that follow one another are one node, however often it restarts or dials anew', () => {
  expect(told('aaabbbcdefgh'.repeat(1))).not.toContain(true);
  const watch = new CloneWatch();
  for (let restart = 0; restart < 10_000; restart += 1) {
    expect(watch.hello('nod_a 1', `process ${restart}`, restart)).toBe(false);
  }
});

it('one late message of a process that was replaced is no alarm', () => {
  expect(told('abab')).not.toContain(true);
  expect(told('ababcdeded', 13 * hour)).not.toContain(true);
});

it('two processes that throw each other out are noticed with the fourth return', () => {
  expect(told('ababab').indexOf(true)).toBe(5);
});

it('one that comes with another name each time is noticed by the returns of the honest one', () => {
  expect(told('axaxayaza'.replaceAll('x', 'x')).some(Boolean)).toBe(true);
  expect(told('a1a2a3a4a').indexOf(true)).toBe(8);
});

it('returns are forgotten after a day, and each identity counts for itself', () => {
  expect(told('abababababab', 25 * hour)).not.toContain(true);
  const watch = new CloneWatch();
  const seen = [...'abababab'].map((instance, index) => watch.hello(`nod_${index % 3}`, instance, index));
  expect(seen).not.toContain(true);
});
