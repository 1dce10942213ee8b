import { createInterface } from 'node:readline';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publicKeyOf } from '../../../common/wireguard-key.ts';
import { NodeStandIn } from '../controller/node-stand-in.ts';
import { type RunningController, startController } from '../controller/rig.ts';

const script = 'test/examples/bot.py';
const hasPython = execaSync('python3', ['--version'], { reject: false }).exitCode === 0;
const patience = { timeout: 20_000, interval: 20 };

/** A program that has nothing of ours but docs/api.md and /openapi.json, on the real controller over TCP. */
describe.skipIf(!hasPython)(`a bot in Python${hasPython ? '' : ' (python3 is not here)'}`, () => {
  let controller: RunningController;
  let env: Record<string, string>;
  const node = new NodeStandIn();

  beforeAll(async () => {
    controller = await startController({ api: 'listen = "127.0.0.1:0"' });
    const { turnpike, ports } = controller;
    const tariff = ['tariff', 'add', 'monthly', '--volume', '10MB', '--thresholds', '80'];
    await turnpike.text(...tariff, '--max-devices', '1');
    const ticket = await turnpike.json('node', 'add', 'fra1', '--endpoint', 'fra1.example.net:51820');
    await node.start(ticket.joinCommand);
    await vi.waitFor(() => expect(node.state()).toBe('connected'), patience);
    const { key } = await turnpike.json('api-key', 'add', 'bot', '--scopes', 'subscriptions');
    env = { TURNPIKE_URL: `http://127.0.0.1:${ports.api}`, TURNPIKE_API_KEY: key };
  });

  afterAll(async () => {
    await node.stop();
    await controller.stop();
  });

  const bot = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await execa('python3', [script, ...argv], { env, reject: false });
    return { exitCode, stdout, stderr };
  };

  it('sells a subscription with a device, whose configuration is ready for the app', async () => {
    const { stdout, exitCode } = await bot('sell', 'user/1 & co', 'monthly', 'fra1', 'order 1');
    expect(exitCode).toBe(0);
    expect((await bot('sell', 'user/1 & co', 'monthly', 'fra1', 'order 1')).stdout).toBe(stdout);
    const privateKey = /^PrivateKey = (\S+)$/m.exec(stdout)?.[1] ?? '';
    const { items } = await controller.turnpike.json('device', 'list', '--subscription', 'user/1 & co');
    expect(items).toMatchObject([{ publicKey: publicKeyOf(privateKey), label: 'phone' }]);
    expect(stdout).toContain('Endpoint = fra1.example.net:51820');
  });

  it('sells by order numbers of any length, each once', async () => {
    for (const order of ['7', '8'.repeat(300)]) {
      const first = await bot('sell', `user ${order.length}`, 'monthly', 'fra1', order);
      expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('PrivateKey = ') });
      expect(await bot('sell', `user ${order.length}`, 'monthly', 'fra1', order)).toEqual(first);
    }
  });

  it('tops up once for each payment, and reads usage', async () => {
    const first = await bot('top-up', 'user/1 & co', '5000000', 'invoice 1');
    expect(first.stdout).toMatch(/^5,000,000 bytes added by adj_/);
    expect((await bot('top-up', 'user/1 & co', '5000000', 'invoice 1')).stdout).toBe(first.stdout);
    expect((await bot('usage', 'user/1 & co')).stdout).toBe('0 of 15,000,000 bytes used');
  });

  it('says what was refused', async () => {
    const refused = await bot('sell', 'user 2', 'no-such-tariff', 'fra1', 'order 2');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^not-found: /) });
  });

  it('takes webhooks that are signed, and no others', async () => {
    const { turnpike } = controller;
    const secret = (await turnpike.json('webhook', 'add', 'http://127.0.0.1:1/')).secret;
    const { items: hooks } = await turnpike.json('webhook', 'list');
    const receiver = execa('python3', [script, 'webhooks', '0'], {
      env: { ...env, TURNPIKE_WEBHOOK_SECRET: secret },
      reject: false,
    });
    try {
      const lines = createInterface(receiver.stdout)[Symbol.asyncIterator]();
      const port = /^listening on port (\d+)$/.exec((await lines.next()).value ?? '')?.[1];
      const url = `http://127.0.0.1:${port}/`;
      await turnpike.text('webhook', 'set', hooks[0].id, '--to', url);
      const forged = await fetch(url, {
        method: 'POST',
        body: '{"type": "volume.exhausted"}',
        headers: {
          'webhook-id': 'evt_1',
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
        },
      });
      expect(forged.status).toBe(401);
      await useMost();
      expect((await lines.next()).value).toMatch(/^volume\.threshold sub_\w+ \{.*80/);
    } finally {
      receiver.kill();
      await receiver;
    }
  });

  /** Thirteen of the fifteen megabytes pass on the node. */
  async function useMost(): Promise<void> {
    const { items } = await controller.turnpike.json('device', 'list');
    const { id, subscriptionId } = items[0];
    const all = 13_000_000n;
    let used = 0n;
    while (used < all) {
      const granted = () => node.subscriptions.get(subscriptionId)?.grantedBytes ?? 0n;
      await vi.waitFor(() => expect(granted()).toBeGreaterThan(used), patience);
      used = granted() > all ? all : granted();
      await node.report({
        devices: [{ deviceId: id, period: 1, uploadBytes: used, downloadBytes: 0n }],
        subscriptions: [{ subscriptionId, period: 1, grantedBytes: used, wanting: true, rate: 10_000_000n }],
      });
    }
  }
});
