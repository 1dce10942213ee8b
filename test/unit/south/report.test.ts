import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RawNode } from './raw-node.ts';
import { startRelay } from './relay.ts';
import {
  Cleanup,
  type Controller,
  joinNode,
  nodeId,
  reportBytes,
  startAgent,
  startController,
  until,
} from './rig.ts';

const cleanup = new Cleanup();
let controller: Controller;
let directory: string;

beforeEach(async () => {
  directory = await cleanup.directory();
  controller = await startController(cleanup, { directory });
});

afterEach(() => cleanup.run());

it('reports go in order, each as the very bytes of the journal', async () => {
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  const sent = [1n, 2n, 3n].map((number) => ({ number, bytes: reportBytes(number) }));
  for (const { number, bytes } of sent) agent.reports.add(number, bytes);
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([1n, 2n, 3n]));
  for (const { number, bytes } of sent) {
    expect(Buffer.from(controller.books.booked.get(number) ?? [])).toEqual(Buffer.from(bytes));
  }
  expect(controller.state.counters.reportsBooked).toBe(3);
});

it('a report is sent again, unchanged, when the connection broke before its acknowledgement', async () => {
  const identity = await joinNode(cleanup, controller);
  const relay = await startRelay(cleanup, controller.nodes);
  const agent = await startAgent(cleanup, { ...identity, controllerAddress: relay.address });
  const book = controller.books.book.bind(controller.books);
  controller.books.book = async (...args) => {
    await book(...args);
    // Booked, but nobody will hear of it.
    if (controller.books.arrivals.get(1n) === 1) relay.cut();
  };
  agent.reports.add(1n);
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([1n]));
  expect(controller.books.arrivals.get(1n)).toBe(2);
  expect(controller.books.booked.size).toBe(1);
});

it('a report is sent again when its acknowledgement does not come', async () => {
  const identity = await joinNode(cleanup, controller);
  const book = controller.books.book.bind(controller.books);
  const { promise: never, resolve } = Promise.withResolvers<void>();
  controller.books.book = async (...args) => {
    await book(...args);
    if (controller.books.arrivals.get(1n) === 1) await never;
  };
  const agent = await startAgent(cleanup, identity, { timing: { acknowledgeMs: 100 } });
  agent.reports.add(1n);
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([1n]));
  resolve();
});

it('a controller that cannot book gets the same report again', async () => {
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  controller.books.bookingFails = new Error('disk full');
  agent.reports.add(1n);
  await until(() => expect(controller.state.counters.reportsRefused).toBeGreaterThan(1));
  expect(agent.reports.acknowledgedNumbers).toEqual([]);
  controller.books.bookingFails = undefined;
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([1n]));
});

it('a doubled report is acknowledged again', async () => {
  const bytes = reportBytes(1n);
  const node = new RawNode(cleanup, controller.nodes, await joinNode(cleanup, controller));
  const stream = node.report().listen().send(bytes).send(bytes);
  await until(() => expect(stream.received.map(({ number }) => number)).toEqual([1n, 1n]));
  expect(controller.books.booked.size).toBe(1);
});

it('a number that was booked with other content ends the node', async () => {
  const identity = await joinNode(cleanup, controller);
  const node = new RawNode(cleanup, controller.nodes, identity);
  const stream = node.report().listen().send(reportBytes(1n));
  await until(() => expect(stream.received).toHaveLength(1));
  stream.send(reportBytes(1n));
  const { code } = await stream.ended;
  expect([status.ABORTED, status.UNAUTHENTICATED]).toContain(code);
  const again = new RawNode(cleanup, controller.nodes, identity).report().listen().send(reportBytes(2n));
  expect((await again.ended).code).toBe(status.UNAUTHENTICATED);
  expect([...controller.books.booked.keys()]).toEqual([1n]);
});

it.each([
  ['without a number', reportBytes(0n)],
  ['that is none', Buffer.from([0xff, 0xff])],
])('a report %s is refused', async (_what, bytes) => {
  const node = new RawNode(cleanup, controller.nodes, await joinNode(cleanup, controller));
  const stream = node.report().listen().send(bytes);
  expect((await stream.ended).code).toBe(status.INVALID_ARGUMENT);
  expect(controller.state.counters).toMatchObject({ reportsBooked: 0, reportsRefused: 1 });
});

it('reports find their way as soon as the node is connected again', async () => {
  const identity = await joinNode(cleanup, controller);
  const agent = await startAgent(cleanup, identity, { random: () => 0.999 });
  await until(() => expect(controller.state.connected.has(nodeId)).toBe(true));
  const nodesPort = Number(controller.nodes.split(':')[1]);
  await controller.stop();
  agent.reports.add(1n);
  await until(() => expect(agent.south.state()).toBe('unreachable'));
  const { books } = controller;
  await startController(cleanup, { books, nodesPort, directory });
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([1n]));
});
