import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { systemClock } from '../../../common/clock.ts';
import { Cleanup, type Controller, joinNode, nodeId, startAgent, startController, until } from './rig.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

let directory: string;
let controller: Controller;
/** Of a node that was cut off until its certificate had ended. */
let identity: AgentIdentity;

beforeEach(async () => {
  directory = await cleanup.directory();
  // Ended five seconds ago, but not by the clock of the machine that joins.
  const before = await startController(cleanup, { directory, nodeLife: -5000 });
  const clock = { ...systemClock, now: () => systemClock.now() - 60_000 };
  const joined = await joinNode(cleanup, before, { clock });
  await before.stop();
  controller = await startController(cleanup, { directory, books: before.books });
  identity = { ...joined, controllerAddress: controller.nodes, enrolmentAddress: controller.enrolment };
});

it('a node that was cut off for longer than the life of its certificate comes back by itself', async () => {
  const agent = await startAgent(cleanup, identity);
  await until(() => expect(agent.south.state()).toBe('connected'));
  agent.reports.add(1n);
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([1n]));
  expect(agent.saved).toHaveLength(1);
  expect(agent.saved[0]).toMatchObject({ nodeId, incarnation: 1, privateKey: identity.privateKey });
  expect(agent.sink.refusedCount).toBe(0);
});

it('without room for another certificate it asks for none, and comes back once there is', async () => {
  let full = true;
  let looks = 0;
  const checkRoom = async () => {
    looks += 1;
    if (full) throw new Error('ENOSPC');
  };
  const agent = await startAgent(cleanup, identity, { checkRoom });
  await until(() => expect(looks).toBeGreaterThan(1));
  expect(controller.state.counters.certificatesRenewed).toBe(0);
  full = false;
  await until(() => expect(agent.south.state()).toBe('connected'));
  expect(controller.state.counters.certificatesRenewed).toBe(1);
});

it('one that was revoked meanwhile does not, and closes its devices', async () => {
  controller.books.revoke(nodeId);
  const agent = await startAgent(cleanup, identity);
  await until(() => expect(agent.south.state()).toBe('revoked'));
  expect(agent.sink.refusedCount).toBe(1);
  expect(agent.sink.heardCount).toBe(0);
  expect(agent.saved).toEqual([]);
});

it('one that the controller has forgotten does not, and goes on within what it was granted', async () => {
  controller.books.standing = async () => 'unknown';
  const agent = await startAgent(cleanup, identity);
  await until(() => expect(agent.south.state()).toBe('refused'));
  expect(agent.sink.refusedCount).toBe(0);
});

it('while the controller is away it goes on trying, and closes nothing', async () => {
  await controller.stop();
  const agent = await startAgent(cleanup, identity);
  await until(() => expect(agent.south.state()).toBe('unreachable'));
  const [nodesPort, enrolmentPort] = [controller.nodes, controller.enrolment].map((at) =>
    Number(at.split(':')[1]),
  );
  await startController(cleanup, { directory, books: controller.books, nodesPort, enrolmentPort });
  await until(() => expect(agent.south.state()).toBe('connected'));
  expect(agent.sink.refusedCount).toBe(0);
});
