import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { join } from '../../../agent/commands/join.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { ControllerConnection } from '../../../agent/south/connection.ts';
import { recover, renew } from '../../../agent/south/renew.ts';
import { systemClock } from '../../../common/clock.ts';
import { silentLogger } from '../../../common/log.ts';
import { parseJoinCommand } from '../controller/node-stand-in.ts';
import { type RunningController, startController } from '../controller/rig.ts';
import { type Agent, Cleanup, startAgent, until } from '../south/rig.ts';

// A node whose state directory was copied, against the whole controller: real TLS, real books.
const cleanup = new Cleanup();
let controller: RunningController;
/** What the node's disk holds, and the copy of it. */
let copied: AgentIdentity;
/** How far the controller's clock is ahead, milliseconds. */
let ahead: number;

/** What is given is kept by the test. */
const nowhere = { save: async () => undefined, checkRoom: async () => undefined };
const json = (...argv: string[]) => controller.turnpike.json(...argv);
const nodeState = async () => (await json('node', 'show', 'ams-1')).state;
const quarantines = async () => (await json('events', '--type', 'node.quarantined')).items;

beforeEach(async () => {
  ahead = 0;
  const clock = {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
  };
  controller = await startController({ clock });
  cleanup.add(() => controller.stop());
  const { joinCommand } = await json('node', 'add', 'ams-1', '--endpoint', 'ams-1.example.net:51820');
  const stateDirectory = await cleanup.directory();
  const { identity } = await join(
    { ...parseJoinCommand(joinCommand), stateDirectory, forceNew: false },
    systemClock,
  );
  copied = identity;
  const node = await connect(copied);
  await node.stop();
});
afterEach(() => cleanup.run());

async function connect(identity: AgentIdentity): Promise<Agent> {
  const agent = await startAgent(cleanup, identity);
  await until(() => expect(agent.south.state()).toBe('connected'));
  return agent;
}

/** As an agent does, but sooner. @returns what it has then */
async function renewTimes(times: number, identity: AgentIdentity): Promise<AgentIdentity> {
  const connection = new ControllerConnection(identity, systemClock, silentLogger);
  for (let count = 0; count < times; count += 1) {
    // One a minute is what the controller gives for long.
    ahead += 61_000;
    await renew({ connection, store: nowhere, clock: systemClock });
  }
  connection.close();
  return connection.identity;
}

describe('a copy that took the place of its node while that was away', () => {
  /** It renews, is the node with what it got, and renews so often. */
  const takeOver = async (renewals: number): Promise<Agent> => {
    const renewed = await renewTimes(1, copied);
    await (await connect(renewed)).stop();
    return connect(await renewTimes(renewals, renewed));
  };

  it.each([0, 1, 20])(
    'and renewed %i times more is noticed when the node comes back, and neither goes on',
    async (renewals) => {
      const copy = await takeOver(renewals);
      const node = await startAgent(cleanup, copied);
      for (const agent of [node, copy]) {
        await until(() => expect(agent.south.state()).toBe('revoked'));
        expect(agent.sink.refusedCount).toBeGreaterThan(0);
      }
      expect(await nodeState()).toBe('quarantined');
      expect(await quarantines()).toHaveLength(1);
    },
  );

  it('is noticed too when the node was away for so long that it asks for a certificate at enrolment first', async () => {
    const copy = await takeOver(20);
    const connection = new ControllerConnection(copied, systemClock, silentLogger);
    const asking = recover({ connection, store: nowhere, clock: systemClock });
    await expect(asking).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await until(() => expect(copy.south.state()).toBe('revoked'));
    expect(await nodeState()).toBe('quarantined');
  });
});
