import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { join } from '../../../agent/commands/join.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import type { NodeFacts } from '../../../agent/south/ports.ts';
import { systemClock } from '../../../common/clock.ts';
import { parseJoinCommand } from '../controller/node-stand-in.ts';
import { type RunningController, startController } from '../controller/rig.ts';
import { type Agent, Cleanup, MemoryReports, startAgent, until } from '../south/rig.ts';

// A node whose state directory is of an earlier time, against the whole controller: real TLS, real books.
const cleanup = new Cleanup();
let controller: RunningController;
let identity: AgentIdentity;

const json = (...argv: string[]) => controller.turnpike.json(...argv);
const nodeState = async () => (await json('node', 'show', 'ams-1')).state;

/** An agent that says at each Hello what stands there; after the last one, that again. */
function start(lastReports: readonly bigint[], reports = new MemoryReports()): Promise<Agent> {
  let hellos = 0;
  const facts = async (): Promise<NodeFacts> => ({
    agentVersion: '0.1.0',
    wireguardPublicKey: new Uint8Array(32).fill(7),
    wireguardDriver: 'userspace',
    ipv6: true,
    lastReport: lastReports[Math.min(hellos++, lastReports.length - 1)] ?? 0n,
  });
  return startAgent(cleanup, identity, { facts, reports });
}

beforeEach(async () => {
  controller = await startController();
  cleanup.add(() => controller.stop());
  const { joinCommand } = await json('node', 'add', 'ams-1', '--endpoint', 'ams-1.example.net:51820');
  const stateDirectory = await cleanup.directory();
  const options = { ...parseJoinCommand(joinCommand), stateDirectory, forceNew: false };
  ({ identity } = await join(options, systemClock));
  await json('tariff', 'add', 'basic', '--volume', '100MB');
  await json('account', 'add', 'customer');
  const { id } = await json('subscription', 'create', '--account', 'customer', '--tariff', 'basic');
  await json('device', 'add', id);
  const reports = new MemoryReports();
  const node = await start([0n], reports);
  for (const number of [1n, 2n]) reports.add(number);
  await until(() => expect(reports.acknowledgedNumbers).toEqual([1n, 2n]));
  await node.stop();
});
afterEach(() => cleanup.run());

describe('a node that went back to an earlier state', () => {
  it.each([
    ['as of just after it had joined', 0n],
    ['as of one report before', 1n],
  ])('%s is quarantined before anything is granted to it', async (_when, lastReport) => {
    const node = await start([lastReport]);
    await until(() => expect(node.south.state()).toBe('revoked'));
    expect(node.sink.refusedCount).toBeGreaterThan(0);
    expect(node.sink.batches).toEqual([]);
    expect(await nodeState()).toBe('quarantined');
    expect((await json('events', '--type', 'node.quarantined')).items).toHaveLength(1);
  });
});

describe('no alarm is', () => {
  const isServed = async (lastReports: readonly bigint[]) => {
    const node = await start(lastReports);
    await until(() => expect(node.sink.devices.size).toBe(1));
    expect(await nodeState()).not.toBe('quarantined');
  };

  it('a node that knows of all that was booked', () => isServed([2n]));
  it('one whose last reports are not in the books, as after a restore from a backup', () => isServed([9n]));
  it('a Hello that was overtaken by reports', () => isServed([1n, 0n, 2n]));
});
