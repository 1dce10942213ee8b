import { expect, test } from 'vitest';
import { brokenPromises, type Figures, overshootBytes, renderTable, toJson } from '../demo/figures.ts';

const good: Figures = {
  volumeBytes: 1_000_000n,
  acceptedBytes: 999_900n,
  billedBytes: 999_900n,
  topUpBytes: 500_000n,
  afterTopUpBytes: 500_000n,
  billedAfterTopUpBytes: 1_499_900n,
  flowsAgainMs: 80,
  lostDatagrams: 0,
  nodes: [
    { name: 'node1', acceptedBytes: 400_000n },
    { name: 'node2', acceptedBytes: 599_900n },
  ],
};

const broken = (change: Partial<Figures>) => brokenPromises({ ...good, ...change }, 1000);

test('kept promises are no lines', () => {
  expect(broken({})).toEqual([]);
});

test.each<[string, Partial<Figures>, string]>([
  [
    'a byte too many',
    { acceptedBytes: 1_000_001n, billedBytes: 1_000_001n, billedAfterTopUpBytes: 1_500_001n },
    '1 bytes more',
  ],
  [
    'a byte too many after the top-up',
    { afterTopUpBytes: 500_101n, billedAfterTopUpBytes: 1_500_001n },
    '1 bytes more',
  ],
  ['a bill one byte off', { billedBytes: 999_901n }, 'billed 999901'],
  ['a later bill one byte off', { billedAfterTopUpBytes: 1_499_899n }, 'after the top-up, billed 1499899'],
  [
    '1 % stranded',
    { acceptedBytes: 990_000n, billedBytes: 990_000n, billedAfterTopUpBytes: 1_490_000n },
    '10000 bytes are stranded',
  ],
  ['a node without traffic', { nodes: [{ name: 'node1', acceptedBytes: 0n }] }, 'node1 carried no traffic'],
  ['a late top-up', { flowsAgainMs: 1200 }, '1200 ms'],
  ['nothing after the top-up', { afterTopUpBytes: 0n, billedAfterTopUpBytes: 999_900n }, 'nothing flowed'],
])('%s breaks a promise', (_, change, line) => {
  expect(broken(change)).toEqual([expect.stringContaining(line)]);
});

test('where the machine lost datagrams, a broken promise says so, and a kept one does not', () => {
  expect(broken({ lostDatagrams: 7 })).toEqual([]);
  expect(broken({ lostDatagrams: 7, billedBytes: 999_901n })[1]).toMatch(/^7 datagrams were lost/);
});

test('overshoot is never below zero', () => {
  expect(overshootBytes(good)).toBe(0n);
});

test('the figures are JSON numbers under the agreed names', () => {
  expect(JSON.parse(toJson(good))).toEqual({
    volumeBytes: 1_000_000,
    acceptedBytes: 999_900,
    billedBytes: 999_900,
    overshootBytes: 0,
    strandedBytes: 100,
    afterTopUpBytes: 500_000,
    nodes: [
      { name: 'node1', acceptedBytes: 400_000 },
      { name: 'node2', acceptedBytes: 599_900 },
    ],
  });
});

test('the table lists each node', () => {
  expect(renderTable(good)).toContain('over node2');
});
