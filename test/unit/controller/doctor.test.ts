import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NodeStandIn } from './node-stand-in.ts';
import { type RunningController, startController } from './rig.ts';
import type { Turnpike } from './turnpike.ts';

describe('turnpike doctor and top, on a real controller', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let turnpike: Turnpike;
  const node = new NodeStandIn();

  beforeAll(async () => {
    controller = await startController();
    ({ turnpike } = controller);
    const ticket = await turnpike.json('node', 'add', 'fra1', '--endpoint', 'fra1.example.net:51820');
    await node.start(ticket.joinCommand);
    await vi.waitFor(() => expect(node.state()).toBe('connected'), { timeout: 20_000, interval: 20 });
  });

  afterAll(() => controller.stop());

  it('has nothing to mend where all is well', async () => {
    const { findings } = await turnpike.json('doctor');
    expect(findings.filter((one: { state: string }) => one.state !== 'ok')).toEqual([]);
    expect(findings.map((one: { what: string }) => one.what)).toEqual(
      expect.arrayContaining(['versions', 'clock', 'disk', 'CA', 'audit log', 'webhooks', 'node fra1']),
    );
  });

  it('shows nodes and who passes traffic', async () => {
    expect(await turnpike.json('top', '--once')).toMatchObject({
      status: { nodes: [{ name: 'fra1', connected: true }] },
      heaviest: { passing: 0, items: [] },
    });
    expect(await turnpike.text('top')).toMatch(/^1 of 1 nodes connected, 0 devices; 0 subscriptions/);
  });

  it('fails when something must be mended, and says what', async () => {
    await node.stop();
    await vi.waitFor(
      async () => expect((await turnpike.json('node', 'show', 'fra1')).connected).toBe(false),
      { timeout: 20_000, interval: 20 },
    );
    const run = await turnpike.run('doctor');
    expect(run.code).toBe(72);
    expect(run.out).toMatch(/^wrong +node fra1 +is out of contact since .* turnpike-agent doctor$/m);
    expect(run.err).toBe('turnpike: 1 of these must be mended');
  });

  it('says that the controller is not there', async () => {
    const run = await turnpike.run('--socket', '/nowhere/api.sock', 'doctor');
    expect(run.code).toBe(72);
    expect(run.out).toMatch(
      /^wrong +controller +the controller is not reachable .*is turnpike-controller running/m,
    );
  });
});
