import { mkdtemp, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { join } from '../../../agent/commands/join.ts';
import { systemClock } from '../../../common/clock.ts';
import { generateWireguardKeyPair } from '../../../common/wireguard-key.ts';
import { NodeStandIn, parseJoinCommand } from './node-stand-in.ts';
import { type RunningController, startController } from './rig.ts';
import { runProgram, type Turnpike } from './turnpike.ts';

describe('bad input is refused in one line with what to do, and changes nothing', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let turnpike: Turnpike;
  let subscription: string;

  beforeAll(async () => {
    // Room for the node and two devices.
    controller = await startController({ range4: '10.9.9.0/30' });
    ({ turnpike } = controller);
    await turnpike.text('account', 'add', 'a');
    await turnpike.text('tariff', 'add', 't', '--unlimited', '--max-devices', '3');
    subscription = (await turnpike.json('subscription', 'create', '--account', 'a', '--tariff', 't')).id;
  });

  afterAll(() => controller.stop());

  it('a name that is taken, or that is not there', async () => {
    expect(await turnpike.refused('account', 'add', 'a')).toContain('"a"');
    expect(await turnpike.refused('tariff', 'add', 't', '--unlimited')).toContain('"t"');
    expect(await turnpike.refused('tariff', 'add', 'x', '--unlimited', '--group', 'nowhere')).toContain(
      'nowhere',
    );
    expect(await turnpike.refused('tariff', 'show', 'x')).toContain('"x"');
    const create = ['subscription', 'create', '--account', 'nobody', '--tariff', 't'];
    expect(await turnpike.refused(...create)).toContain('nobody');
    expect(await turnpike.refused('usage', 'sub_0000000000000000')).toContain('sub_0000000000000000');
    expect(await turnpike.refused('explain', 'what')).toContain('what');
    expect((await turnpike.run('tariff', 'show', 'x')).code).toBe(66);
  });

  it('an endpoint, a range or a name server that is none', async () => {
    const add = ['node', 'add', 'n', '--endpoint'];
    expect(await turnpike.refused(...add, 'fra-1.example.net')).toContain('fra-1.example.net');
    expect(await turnpike.refused(...add, 'fra-1.example.net:0')).toContain('0');
    expect((await turnpike.json('node', 'list')).items).toEqual([]);
    expect(await turnpike.refused('group', 'set', 'default', '--allowed-ips', '10.0.0.0/33')).toContain(
      '10.0.0.0/33',
    );
    expect(await turnpike.refused('group', 'set', 'default', '--dns', 'dns.example')).toContain(
      'dns.example',
    );
    expect(await turnpike.refused('group', 'set', 'default', '--mtu', '100')).toContain('mtu');
  });

  it("a public key that is none, that is taken, or that is a node's own", async () => {
    const { publicKey } = generateWireguardKeyPair();
    const add = ['device', 'add', subscription, '--public-key'];
    expect(await turnpike.refused(...add, 'short')).toContain('WireGuard key');
    const { device } = await turnpike.json(...add, publicKey);
    expect((await turnpike.run(...add, publicKey)).code).toBe(65);
    expect(await turnpike.refused(...add, publicKey)).toMatch(/key/);

    const node = new NodeStandIn();
    const { joinCommand } = await turnpike.json('node', 'add', 'n', '--endpoint', '127.0.0.1:51820');
    await node.start(joinCommand);
    await vi.waitFor(async () => {
      expect((await turnpike.json('node', 'show', 'n')).publicKey).toBe(node.keys.publicKey);
    }, 10_000);
    expect(await turnpike.refused(...add, node.keys.publicKey)).toMatch(/node/);
    expect(await turnpike.refused('device', 'rekey', device.id, '--public-key', node.keys.publicKey)).toMatch(
      /node/,
    );
    await node.stop();
    expect((await turnpike.json('device', 'list')).items.length).toBe(1);
  });

  it('one device more than there are addresses, or than the tariff allows', async () => {
    expect(await turnpike.refused('device', 'add', subscription)).toContain('address');
    expect((await turnpike.run('device', 'add', subscription)).code).toBe(71);
    await turnpike.text('tariff', 'add', 'single', '--unlimited', '--max-devices', '1');
    expect((await turnpike.json('device', 'list')).items.length).toBe(1);
  });

  it('a join token that was used, and a pin of another CA', async () => {
    const { joinCommand } = await turnpike.json('node', 'add', 'm', '--endpoint', '127.0.0.1:51821');
    const joinAgain = async (change: object) =>
      join(
        {
          ...parseJoinCommand(joinCommand),
          stateDirectory: await mkdtemp(`${controller.directory}/node-`),
          forceNew: false,
          ...change,
        },
        systemClock,
      );
    await expect(joinAgain({ pin: `sha256:${'0'.repeat(64)}` })).rejects.toThrow(/pin/);
    await joinAgain({});
    await expect(joinAgain({})).rejects.toThrow(/token/);
  });

  it('a request that holds more than the API knows', async () => {
    const problem = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const path = '/v1/accounts';
      const asked = request({ socketPath: controller.socket, method: 'POST', path, headers }, (answer) => {
        let body = '';
        answer.on('data', (chunk) => {
          body += chunk;
        });
        answer.on('end', () => resolve(body));
      });
      asked.on('error', reject).end(JSON.stringify({ reference: 'b', email: 'b@example.net' }));
    });
    expect(JSON.parse(problem)).toMatchObject({ status: 400, detail: 'email is not a known key' });
    expect((await turnpike.json('account', 'list')).items.length).toBe(1);
  });

  it('the socket, the database and the CA are for their owner only', async () => {
    expect((await stat(controller.socket)).mode & 0o077).toBe(0);
    expect((await stat(`${controller.directory}/ca.pem`)).mode & 0o077).toBe(0);
  });
});

describe('the API over TCP', { timeout: 60_000 }, () => {
  it('needs a key, which is made on the socket and ends when it is removed', async () => {
    const controller = await startController({ api: 'listen = "127.0.0.1:0"' });
    const { turnpike } = controller;
    const url = `http://127.0.0.1:${controller.ports.api}`;
    const overTcp = (key: string, ...argv: string[]) =>
      runProgram('controller/cli/main.ts', ['--url', url, ...argv], {
        TURNPIKE_API_KEY: key,
      });
    const { key } = await turnpike.json('api-key', 'add', 'backend', '--scopes', 'subscriptions');
    expect(await turnpike.text('api-key', 'list')).toContain('backend');
    expect(await turnpike.text('--json', 'api-key', 'list')).not.toContain(key);
    expect((await overTcp(key, 'account', 'add', 'b')).code).toBe(0);
    expect((await overTcp('turnpike_wrong', 'account', 'list')).code).toBe(77);
    const more = ['api-key', 'add', 'more', '--scopes', 'admin'];
    expect(await overTcp(key, ...more)).toMatchObject({
      code: 77,
      err: expect.stringContaining('this needs the scope "admin"'),
    });
    expect(await turnpike.refused('api-key', 'add', 'backend', '--scopes', 'read')).toContain('backend');
    const { key: next } = await turnpike.json('api-key', 'rotate', 'backend', '--overlap', '0');
    expect((await overTcp(key, 'account', 'list')).code).toBe(77);
    expect((await overTcp(next, 'account', 'list')).code).toBe(0);
    const set = ['api-key', 'set', 'backend', '--scopes', 'admin,read', '--budget', '5GB'];
    expect(await turnpike.text(...set)).toMatch(/backend .*read, admin .*0 B of 5\.00 GB/);
    expect((await overTcp(next, ...more)).code).toBe(0);
    await turnpike.text('api-key', 'remove', 'backend');
    expect((await overTcp(next, 'account', 'list')).code).toBe(77);
    await controller.stop();
  });
});
