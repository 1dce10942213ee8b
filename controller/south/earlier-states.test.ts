import { expect, it } from 'vitest';
import { EarlierStates } from './earlier-states.ts';

const told = (hellos: string): boolean[] => {
  const watch = new EarlierStates();
  return [...hellos].map((hello) => watch.hello('nod_a 1', hello === 'b'));
};

it('a Hello that was late is no alarm, however often: the node that it throws out says what is true', () => {
  expect(told('abbaabab'.repeat(50))).not.toContain(true);
});

it('a node that says nothing else is noticed with its third Hello', () => {
  expect(told('aabbb')).toEqual([false, false, false, false, true]);
});

it('each identity counts for itself', () => {
  const watch = new EarlierStates();
  const seen = Array.from({ length: 6 }, (_, index) => watch.hello(`nod_${index % 3}`, true));
  expect(seen).not.toContain(true);
});
