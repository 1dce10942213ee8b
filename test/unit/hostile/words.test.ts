import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostileTexts } from '../../fuzz/hostile.ts';
import { ask } from '../controller/http.ts';
import { NodeStandIn } from '../controller/node-stand-in.ts';
import { type RunningController, startController } from '../controller/rig.ts';

// Hostile words in every place that takes words, through the whole controller and out of every place that shows them.
const node = new NodeStandIn();
let controller: RunningController;
let taken = 0;
const devices: string[] = [];

async function post(path: string, body: object): Promise<Record<string, unknown> | undefined> {
  const answer = await ask(controller.socket, 'POST', path, body);
  expect([path, body, answer.status]).toEqual([
    path,
    body,
    expect.toSatisfy((status: number) => status < 500),
  ]);
  if ((answer.status ?? 500) >= 400) return undefined;
  taken += 1;
  return answer.body;
}

beforeAll(async () => {
  controller = await startController();
  const { socket, turnpike } = controller;
  await turnpike.text('tariff', 'add', 'plain', '--volume', '1GB');
  await turnpike.text('account', 'add', 'customer');
  const { joinCommand } = await turnpike.json(
    'node',
    'add',
    'fra-1',
    '--endpoint',
    'fra-1.example.net:51820',
  );
  await node.start(joinCommand);
  const made = await post('/v1/subscriptions', { account: 'customer', tariff: 'plain' });
  const subscription = String(made?.['id']);
  // Longer than any body may be: what is refused unread.
  const texts = hostileTexts.filter((text, n) => text.length < 10_000 && n % 3 === 0);
  for (const [n, text] of texts.entries()) {
    await post('/v1/accounts', { reference: text });
    await post('/v1/tariffs', { name: text });
    await post('/v1/groups', { name: `g${n}`, dns: [text] });
    await post('/v1/groups', { name: text, allowedIps: [text] });
    await post('/v1/nodes', { name: text, endpoint: 'x.example.net:1' });
    await post('/v1/nodes', { name: `n${n}`, endpoint: text });
    await post('/v1/api-keys', { name: text });
    const device = await post('/v1/devices', { subscription, label: text, platform: text, hardwareId: text });
    if (device) devices.push(String((device['device'] as Record<string, unknown>)['id']));
    await post(`/v1/subscriptions/${subscription}/suspend`, { reason: text });
    await post(`/v1/subscriptions/${subscription}/adjustments`, {
      bytes: '1',
      reason: text,
      reference: text,
    });
    await ask(socket, 'GET', `/v1/explain/${encodeURIComponent(text.toWellFormed())}`);
  }
});

afterAll(async () => {
  await node.stop();
  await controller.stop();
});

it('some of the words are taken, so that the rest of this shows something', () => {
  expect(taken).toBeGreaterThan(40);
  expect(devices.length).toBeGreaterThan(8);
});

it.each([
  ...[
    ['account', 'list'],
    ['tariff', 'list'],
    ['group', 'list'],
    ['node', 'list'],
    ['device', 'list'],
  ],
  ...[['subscription', 'list'], ['api-key', 'list'], ['events'], ['status'], ['explain', 'customer']],
])('no terminal obeys what is printed by %s %s', async (...argv) => {
  const words = argv.filter((word) => word !== undefined);
  for (const line of (await controller.turnpike.text(...words)).split('\n')) {
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  expect(await controller.turnpike.text('--json', ...words)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

it("nobody's words change what a client's configuration says", async () => {
  const shape =
    /^\[Interface\]\nPrivateKey = [A-Z-]+\nAddress = [0-9.]+\/32, [0-9a-f:]+\/128\nMTU = \d+\n\n\[Peer\]\n# fra-1\nPublicKey = \S{44}\nPresharedKey = \S{44}\nEndpoint = fra-1\.example\.net:51820\nAllowedIPs = 0\.0\.0\.0\/0, ::\/0(\nPersistentKeepalive = \d+)?\n?$/;
  for (const device of devices) {
    expect(await controller.turnpike.text('device', 'config', device, '--node', 'fra-1')).toMatch(shape);
  }
});

it("nobody's words are in the metrics, and every line of them is one", async () => {
  const page = await (await fetch(`http://127.0.0.1:${controller.ports.metrics}/metrics`)).text();
  for (const line of page.split('\n').filter((one) => one !== '')) {
    expect(line).toMatch(/^(# (HELP|TYPE) .*|[a-zA-Z0-9_:]+(\{[^{}]*\})? \S+)$/);
  }
  expect(page).not.toContain('alert');
  expect(page).not.toContain('flush ruleset');
});
