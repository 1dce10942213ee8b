import { afterEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../common/clock.ts';
import { endingLimit, messageLimit } from '../../../common/listener-limits.ts';
import { createLogger } from '../../../common/log.ts';
import { RawNode } from './raw-node.ts';
import { Cleanup, inHalfAnHour, joinNode, nodeId, reportBytes, startController, until } from './rig.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Of its limits nothing comes back, and who has to wait does so for longer than the others take. */
const stopped: Clock = {
  ...systemClock,
  monotonic: () => 0,
  sleep: (ms, signal) => systemClock.sleep(signal ? Math.min(ms * 100_000, 3600_000) : ms, signal),
};

it('a new stream is no new allowance of messages, and another node is not held up', async () => {
  const controller = await startController(cleanup, { clock: stopped });
  const greedy = new RawNode(cleanup, controller.nodes, await joinNode(cleanup, controller));
  const half = messageLimit.burst / 2;
  let number = 0;
  const streamOf = async (answered: number) => {
    const stream = greedy.report().listen();
    const first = number + 1;
    number += half;
    for (let next = first; next <= number; next += 1) stream.send(reportBytes(BigInt(next)));
    await until(() => expect(stream.received.length).toBeGreaterThanOrEqual(answered));
    return stream;
  };
  await streamOf(half);
  // A report counts as a little more than one message: the last one is too many. All others are read before another stream takes over.
  await streamOf(half - 1);
  const last = await streamOf(0);
  const token = controller.books.issueToken('nod_0000000000000000', 'ams-2', inHalfAnHour());
  const other = new RawNode(cleanup, controller.nodes, await joinNode(cleanup, controller, { token }));
  const stream = other.report().listen().send(reportBytes(9999n));
  await until(() => expect(stream.received).toHaveLength(1));
  expect(last.received).toHaveLength(0);
});

it('streams that take over from each other are no errors in the log, and are counted once there are many', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('controller', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  let now = 0;
  const controller = await startController(cleanup, { clock: { ...systemClock, monotonic: () => now }, log });
  const node = new RawNode(cleanup, controller.nodes, await joinNode(cleanup, controller));
  const endings = () => lines.filter(({ msg }) => msg === 'stream ended' || msg === 'a stream failed');
  const report = reportBytes(1n);
  let open = node.report().listen().send(report);
  await until(() => expect(open.received).toHaveLength(1));
  const takeOver = async () => {
    const before = open;
    open = node.report().listen().send(report);
    await before.ended;
  };
  const many = endingLimit.burst + 15;
  for (let n = 0; n < many; n += 1) await takeOver();
  expect(endings()).toHaveLength(endingLimit.burst);
  now += 1000 / endingLimit.perSecond;
  await takeOver();
  const reason = expect.stringContaining('a newer stream of this node takes over');
  for (const line of endings())
    expect(line).toMatchObject({ level: 30, node: nodeId, stream: 'usage', reason });
  expect(endings().map(({ unsaid }) => unsaid)).toEqual([...Array(endingLimit.burst).fill(undefined), 15]);
});
