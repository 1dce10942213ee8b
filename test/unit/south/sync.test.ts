import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { absent } from '../../../agent/presence/judge.ts';
import { systemClock } from '../../../common/clock.ts';
import { TurnpikeError } from '../../../common/errors.ts';
import { hello, RawNode } from './raw-node.ts';
import { startRelay } from './relay.ts';
import {
  Cleanup,
  device,
  inHalfAnHour,
  joinNode,
  MemorySink,
  nodeId,
  startAgent,
  startController,
  until,
} from './rig.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const connected = (agent: Awaited<ReturnType<typeof startAgent>>) =>
  until(() => expect(agent.south.state()).toBe('connected'));

it('a new node gets settings, then everything, then what changes', async () => {
  const controller = await startController(cleanup);
  const [first, second] = [device(1), device(2)];
  controller.books.change({ devices: [first] });
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(agent.sink.batches).toHaveLength(1));
  expect(agent.sink.settingsSeen).toEqual([
    {
      listenPort: 51820,
      range4: '10.64.0.0/16',
      range6: 'fd74:7572:6e70::/64',
      address4: '10.64.0.1',
      address6: 'fd74:7572:6e70::1',
      mtu: 1420,
      validitySeconds: 86_400,
      seatPatienceSeconds: 60,
    },
  ]);
  expect(agent.sink.devices.get(first.id)).toEqual({
    id: first.id,
    revision: 1n,
    subscriptionId: first.subscriptionId,
    publicKey: Buffer.alloc(32, 1).toString('base64'),
    presharedKey: undefined,
    address4: '10.64.1.1',
    address6: 'fd74:7572:6e70::1:1',
    access: 'open',
  });

  controller.books.change({ devices: [second], removedDeviceIds: [first.id] });
  await until(() => expect([...agent.sink.devices.keys()]).toEqual([second.id]));
  await until(() => expect(controller.state.connected.get(nodeId)?.appliedRevision).toBe(2n));
  expect(agent.sink.settingsSeen).toHaveLength(1);
  // What was applied is told again with the digest, which may come a moment later.
  expect([...new Set(controller.books.events)]).toEqual([
    'hello ams-1 1 from 0',
    'applied 1 but 0',
    'applied 2 but 0',
  ]);
});

it('changes are applied without a digest, and the one over the last of them comes by itself', async () => {
  const controller = await startController(cleanup);
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(agent.sink.batches).toHaveLength(1));
  controller.books.withholdsDigests = true;
  const first = device(1);
  controller.books.change({ devices: [first] });
  controller.books.change({ devices: [device(2)] });
  await until(() => expect(controller.state.connected.get(nodeId)?.appliedRevision).toBe(2n));
  // Which nobody notices before it is compared.
  agent.sink.devices.delete(first.id);
  controller.books.withholdsDigests = false;
  await until(() => expect(agent.sink.devices.size).toBe(2));
  expect(controller.books.events.filter((event) => event.startsWith('hello'))).toEqual([
    'hello ams-1 1 from 0',
    'hello ams-1 1 from 0',
  ]);
});

it('changed settings are sent', async () => {
  const controller = await startController(cleanup);
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(agent.sink.batches).toHaveLength(1));
  controller.books.settingsValue = { ...controller.books.settingsValue, mtu: 1380 };
  controller.books.change({});
  await until(() => expect(agent.sink.settingsSeen.at(-1)?.mtu).toBe(1380));
});

it('a node that returns gets only what changed since', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const sink = new MemorySink();
  controller.books.change({ devices: [device(1)] });
  const before = await startAgent(cleanup, identity, { sink });
  await until(() => expect(sink.devices.size).toBe(1));
  await before.stop();
  await until(() => expect(controller.books.events).toContain('disconnected ams-1 1'));

  controller.books.change({ devices: [device(2)] });
  await startAgent(cleanup, identity, { sink });
  await until(() => expect(sink.devices.size).toBe(2));
  expect(controller.books.events).toContain('hello ams-1 1 from 1');
  expect(sink.batches.at(-1)?.flatMap((delta) => delta.devices)).toHaveLength(1);
});

it('many changes while one is being sent lead to one more round', async () => {
  const controller = await startController(cleanup);
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(agent.sink.batches).toHaveLength(1));
  const rounds = controller.books.sinceCalls.length;
  for (let last = 1; last <= 200; last += 1) controller.books.change({ devices: [device(last)] });
  await until(() => expect(agent.sink.devices.size).toBe(200));
  expect(controller.books.sinceCalls.length - rounds).toBeLessThanOrEqual(2);
});

it('a node that reads slowly holds up its own stream only, and nothing piles up', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const relay = await startRelay(cleanup, controller.nodes);
  const stream = new RawNode(cleanup, relay.address, identity).sync().listen().send(hello());
  await until(() => expect(stream.received).not.toHaveLength(0));
  relay.hold();
  const removedDeviceIds = Array.from({ length: 20_000 }, () => 'dev_0123456789abcdef');
  for (let round = 0; round < 40; round += 1) controller.books.change({ removedDeviceIds });
  await until(() => expect(controller.books.sinceCalls).toHaveLength(2));
  const rounds = controller.books.sinceCalls.length;
  for (let change = 0; change < 5000; change += 1) controller.books.change({});
  const token = controller.books.issueToken('nod_0000000000000000', 'ams-2', inHalfAnHour());
  const other = await joinNode(cleanup, controller, { token });
  const healthy = new RawNode(cleanup, controller.nodes, other).sync().listen();
  healthy.send(hello(controller.books.revision));
  await until(() => expect(healthy.received.at(-1)?.message.case).toBe('caughtUp'));
  // The one call more is the healthy node's: for the slow one nobody asks until it has taken what it was sent.
  expect(controller.books.sinceCalls.length - rounds).toBe(1);
});

it('a node that still holds something else after everything was sent anew asks again, until it is right', async () => {
  const controller = await startController(cleanup, { timing: { heartbeatMs: 50 } });
  const identity = await joinNode(cleanup, controller);
  controller.books.change({ removedDeviceIds: ['dev_0123456789abcdef'] });
  const { digest } = controller.books;
  controller.books.digest = () => new Uint8Array(32);
  // On whose clock the pauses of seconds are over at once.
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 100 };
  await startAgent(cleanup, identity, { clock });
  const asked = () => controller.books.sinceCalls.filter((revision) => revision === 0n).length;
  await until(() => expect(asked()).toBeGreaterThan(3));
  controller.books.digest = digest;
  await until(() => expect(controller.books.events.at(-1)).toBe('applied 1 but 0'));
  const before = asked();
  controller.books.change({});
  await until(() => expect(controller.books.events.at(-1)).toBe('applied 2 but 0'));
  expect(asked()).toBeLessThanOrEqual(before + 1);
});

it('one that still holds something else pauses before it asks again, also where that shows only later', async () => {
  const controller = await startController(cleanup);
  const { books } = controller;
  books.change({ removedDeviceIds: ['dev_0123456789abcdef'] });
  books.comparesLater = true;
  books.digest = () => new Uint8Array(32);
  await startAgent(cleanup, await joinNode(cleanup, controller));
  const asked = () => books.sinceCalls.filter((revision) => revision === 0n).length;
  await until(() => expect(asked()).toBe(1));
  for (let revision = 2; revision <= 6; revision += 1) {
    books.change({});
    await until(() => expect(books.events.at(-1)).toBe(`applied ${revision} but 0`));
  }
  expect(asked()).toBeLessThanOrEqual(2);
});

it('a newer stream of the same identity takes over', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const old = new RawNode(cleanup, controller.nodes, identity).sync().listen().send(hello());
  await until(() => expect(old.received).not.toHaveLength(0));
  const young = new RawNode(cleanup, controller.nodes, identity).sync().listen().send(hello());
  const { code, details } = await old.ended;
  expect([code, details]).toEqual([status.UNAVAILABLE, expect.stringContaining('takes over')]);
  await until(() => expect(young.received).not.toHaveLength(0));
  await until(() => expect(controller.state.streams.sync).toBe(1));
  expect(controller.state.connected.has(nodeId)).toBe(true);
  expect(controller.books.events).not.toContain('disconnected ams-1 1');
});

it('a stream that takes over and is refused leaves no node connected', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const old = new RawNode(cleanup, controller.nodes, identity).sync().listen().send(hello());
  await until(() => expect(old.received).not.toHaveLength(0));
  const noKey = new Uint8Array(3);
  const young = new RawNode(cleanup, controller.nodes, identity).sync().listen().send(hello(0n, noKey));
  expect((await young.ended).code).toBe(status.INVALID_ARGUMENT);
  await until(() => expect(controller.books.events).toContain('disconnected ams-1 1'));
  expect(controller.state.connected.has(nodeId)).toBe(false);
});

it('a node of which nothing is heard is taken for gone', async () => {
  const controller = await startController(cleanup, { timing: { silenceMs: 500 } });
  const identity = await joinNode(cleanup, controller);
  const node = new RawNode(cleanup, controller.nodes, identity);
  const usage = node.report().listen();
  const sync = node.sync().listen().send(hello());
  expect((await sync.ended).details).toContain('nothing was heard');
  expect((await usage.ended).details).toContain('nothing was heard');
  expect(controller.books.events).toContain('disconnected ams-1 1');
});

it('heartbeats keep a quiet stream alive on both sides', async () => {
  const timing = { heartbeatMs: 50, silenceMs: 1000 };
  const controller = await startController(cleanup, { timing });
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller), { timing });
  await connected(agent);
  const before = agent.sink.heardCount;
  await until(() => expect(agent.sink.heardCount - before).toBeGreaterThan(25));
  expect(controller.books.events.filter((event) => event.startsWith('hello'))).toHaveLength(1);
});

it('the first word on each stream is the controller’s time, and heartbeats say it again', async () => {
  const controller = await startController(cleanup, { timing: { heartbeatMs: 50 } });
  const before = systemClock.now();
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(agent.sink.times.length).toBeGreaterThan(3));
  const { times } = agent.sink;
  expect(times.map(({ first }) => first).slice(0, 3)).toEqual([true, false, false]);
  for (const { timeMs } of times) {
    expect(timeMs).toBeGreaterThanOrEqual(before);
    expect(timeMs).toBeLessThanOrEqual(systemClock.now());
  }
  expect(agent.sink.timesBeforeSettings).toBe(1);
});

it('a controller of which nothing is heard is dialled anew', async () => {
  const controller = await startController(cleanup, { timing: { heartbeatMs: 60_000 } });
  const identity = await joinNode(cleanup, controller);
  await startAgent(cleanup, identity, { timing: { silenceMs: 150 } });
  await until(() =>
    expect(
      controller.books.events.filter((event) => event.startsWith('hello')).length,
    ).toBeGreaterThanOrEqual(2),
  );
});

it('applying may take longer than the silence that ends a stream', async () => {
  const timing = { heartbeatMs: 50, silenceMs: 500 };
  const controller = await startController(cleanup, { timing });
  const sink = new MemorySink();
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.gate = promise;
  await startAgent(cleanup, await joinNode(cleanup, controller), { sink, timing });
  await until(() => expect(sink.settingsSeen).toHaveLength(1));
  const before = systemClock.monotonic();
  await until(() => expect(systemClock.monotonic() - before).toBeGreaterThan(2 * timing.silenceMs));
  resolve();
  await until(() => expect(controller.books.events).toContain('applied 0 but 0'));
  expect(controller.books.events.filter((event) => event.startsWith('hello'))).toHaveLength(1);
});

it('after a restart of the controller nodes are back with the next attempt, about a second later', async () => {
  const directory = await cleanup.directory();
  const first = await startController(cleanup, { directory });
  const { books } = first;
  const identity = await joinNode(cleanup, first);
  let waits = 0;
  const random = () => {
    waits += 1;
    return Math.random();
  };
  const agent = await startAgent(cleanup, identity, { random });
  await connected(agent);
  await first.stop();
  // It is not back at once: some attempts have failed.
  await until(() => expect(waits).toBeGreaterThan(4));

  const nodesPort = Number(first.nodes.split(':')[1]);
  await startController(cleanup, { directory, books, nodesPort });
  const before = systemClock.monotonic();
  await connected(agent);
  // No attempt waits longer than 1 s yet; the rest is for a busy machine.
  expect(systemClock.monotonic() - before).toBeLessThan(2000);
});

it('a node that holds something else than the controller thinks gets everything anew, and keeps what is not named', async () => {
  const controller = await startController(cleanup);
  const kept = device(1);
  const lost = device(2);
  controller.books.change({ devices: [kept, lost] });
  const identity = await joinNode(cleanup, controller);
  const sink = new MemorySink();
  const agent = await startAgent(cleanup, identity, { sink });
  await until(() => expect(sink.devices.size).toBe(2));
  await agent.stop();

  // The controller comes from a backup that does not know the second device.
  controller.books.forget(lost.id);
  await startAgent(cleanup, identity, { sink });
  await until(() => expect(controller.books.events).toContain('hello ams-1 1 from 0'));
  const next = device(3);
  controller.books.change({ devices: [next] });
  await until(() => expect([...sink.devices.keys()]).toEqual([kept.id, lost.id, next.id]));
});

it('what the node cannot take is refused by name, and the rest is applied', async () => {
  const controller = await startController(cleanup);
  const good = device(1);
  const devices = [
    good,
    { ...device(2), publicKey: new Uint8Array(31) },
    { ...device(3), address4: '192.0.2.1' },
    { ...device(4), id: 'dev_$(reboot)' },
  ];
  controller.books.change({ devices });
  const agent = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(controller.books.events).toContain('applied 1 but 3'));
  expect([...agent.sink.devices.keys()]).toEqual([good.id]);
  // Everything was sent already; asking again at once would not help.
  controller.books.change({ devices: [device(5)] });
  await until(() => expect(agent.sink.devices.size).toBe(2));
  expect(controller.books.events.filter((event) => event.startsWith('hello'))).toHaveLength(1);
});

it('what went wrong inside the controller is not told to nodes', async () => {
  const controller = await startController(cleanup);
  controller.books.hello = async () => {
    throw new Error('SQLITE_CORRUPT: /var/lib/secret');
  };
  const identity = await joinNode(cleanup, controller);
  const stream = new RawNode(cleanup, controller.nodes, identity).sync().listen().send(hello());
  const { code, details } = await stream.ended;
  expect(code).toBe(status.INTERNAL);
  expect(details).not.toMatch(/SQLITE|secret/);
});

it.each([
  ['a stream that does not begin with Hello', { case: undefined } as const],
  ['a second Hello', hello().message],
])('%s is refused', async (_what, message) => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const stream = new RawNode(cleanup, controller.nodes, identity).sync().listen();
  if (message.case === 'hello') stream.send(hello());
  stream.send({ ...hello(), message });
  expect((await stream.ended).code).toBe(status.INVALID_ARGUMENT);
});

it('presence reaches the controller, and all of it again after a reconnect', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const relay = await startRelay(cleanup, controller.nodes);
  const agent = await startAgent(cleanup, { ...identity, controllerAddress: relay.address });
  const present = { ...absent(device(1).id), connected: true, passing: true, active: true };
  let connections = 0;
  agent.south.presence.onConnected(() => {
    connections += 1;
    agent.south.presence.send([present]);
  });
  relay.cut();
  await until(() => expect(controller.books.presences).not.toHaveLength(0));
  expect(controller.books.presences[0]).toMatchObject(present);
  const before = connections;
  relay.cut();
  await until(() => expect(connections).toBe(before + 1));
});

it('a port that is taken is said so', async () => {
  const controller = await startController(cleanup);
  const nodesPort = Number(controller.nodes.split(':')[1]);
  const failure = startController(new Cleanup(), { nodesPort, directory: await cleanup.directory() });
  await expect(failure).rejects.toBeInstanceOf(TurnpikeError);
  await expect(failure).rejects.toMatchObject({ message: expect.stringContaining(`127.0.0.1:${nodesPort}`) });
});
