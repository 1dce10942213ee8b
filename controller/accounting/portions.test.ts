import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

const between = vi.hoisted(() => ({ call: async (): Promise<void> => undefined }));
vi.mock(import('../books/let-others-in.ts'), () => ({ letOthersIn: () => between.call() }));

/** Three portions. */
const customers = 250;
let rig: Rig;
let node: TestNode;
let devices: string[];
beforeEach(async () => {
  rig = await openRig();
  node = await rig.node('a');
  devices = [];
  for (let n = 0; n < customers; n += 1) devices.push(await rig.device(await rig.subscription()));
});
afterEach(() => {
  between.call = async () => undefined;
  return rig.books.close();
});

/** Each device has had as many bytes in all. */
const told = (bytes: bigint) =>
  Object.fromEntries(devices.map((id): [string, [bigint, bigint]] => [id, [bytes, 0n]]));
const booked = () => rig.books.figures().bookedBytes;

it('a large report is booked in portions, and others come in between', async () => {
  const seen: bigint[] = [];
  between.call = async () => void seen.push(booked());
  await node.report(told(1000n));
  expect(seen).toEqual([100_000n, 200_000n]);
  expect(booked()).toBe(250_000n);
  expect(rig.books.figures()).toMatchObject({ reportsBooked: 1, strangeEntries: 0 });
});

it('one that was broken off is booked from its beginning when it comes again, each byte once', async () => {
  between.call = () => Promise.reject(new Error('the process ends here'));
  await expect(node.report(told(1000n), {}, 1n)).rejects.toThrow('ends here');
  expect(booked()).toBe(100_000n);
  between.call = async () => undefined;
  await node.report(told(1000n), {}, 1n);
  expect(booked()).toBe(250_000n);
  await node.report(told(1000n), {}, 1n);
  expect(booked()).toBe(250_000n);
  expect(rig.books.figures()).toMatchObject({ reportsBooked: 1, reportsRepeated: 1 });
});

it('the rest of one is nothing any more once a later one was booked', async () => {
  const later: Promise<void>[] = [];
  between.call = async () => {
    between.call = async () => undefined;
    later.push(node.report(told(3000n), {}, 2n));
    await later[0];
  };
  await node.report(told(1000n), {}, 1n);
  expect(later).toHaveLength(1);
  expect(booked()).toBe(750_000n);
  expect(rig.books.figures()).toMatchObject({ reportsBooked: 1, reportsRepeated: 1 });
});
