import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { NodeStandIn } from './node-stand-in.ts';
import { type RunningController, startController } from './rig.ts';

let controller: RunningController;
beforeAll(async () => {
  controller = await startController();
});
afterAll(() => controller.stop());

it('the audit log says which Unix user stood behind the socket', async () => {
  const { turnpike } = controller;
  await turnpike.text('account', 'add', 'customer-1');
  await turnpike.refused('account', 'add', 'customer-1');
  const { items } = await turnpike.json('audit', 'list');
  const uid = process.getuid?.();
  expect(items).toMatchObject([
    { actor: 'socket', uid, problem: 'conflict' },
    { actor: 'socket', uid, problem: null, route: '/v1/accounts' },
  ]);
  expect(await turnpike.text('audit', 'list')).toContain(`socket, uid ${uid}`);
});

it('a caller that hangs up at once leaves no trouble behind', async () => {
  const socket = connect(controller.socket);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write('POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}');
  socket.destroy();
  expect(await controller.turnpike.text('account', 'list')).toContain('customer-1');
});

it('a rotation of keys leaves all secrets readable, over a restart too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-rotation-'));
  const ca = () => readFileSync(join(directory, 'ca.pem'), 'utf8');
  try {
    const first = await startController({ directory });
    const before = { key: await first.turnpike.json('key', 'show'), ca: ca() };
    expect(before.ca).not.toContain('PRIVATE KEY');
    const after = await first.turnpike.json('key', 'rotate');
    expect(after).toMatchObject({ unfinished: false, former: [before.key.envelope] });
    expect(ca()).not.toBe(before.ca);
    const { pin } = await first.turnpike.json('ca', 'show');
    await first.stop();
    const second = await startController({ directory });
    expect(await second.turnpike.json('ca', 'show')).toMatchObject({ pin });
    expect(await second.turnpike.text('key', 'show')).toContain(after.envelope);
    await second.stop();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('what verify prints can be noted elsewhere, and asked for later', async () => {
  const { turnpike } = controller;
  const printed = await turnpike.text('audit', 'verify');
  const [, head = ''] = /^\d+ entries, whole; to be noted elsewhere: (\d+:[0-9a-f]{64})$/.exec(printed) ?? [];
  await turnpike.text('account', 'add', 'customer-2');
  await turnpike.text('audit', 'verify', '--head', head);
  const other = head.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  expect(await turnpike.refused('audit', 'verify', '--head', other)).toContain('the audit log is not whole');
});

it('the inventory shows what came to it since it was last written down', async () => {
  const { turnpike, directory } = controller;
  const { items } = await turnpike.json('privacy', 'inventory');
  expect(items.length).toBeGreaterThan(200);
  const [first, second, ...rest] = items;
  const before = `${directory}/before.json`;
  await writeFile(
    before,
    JSON.stringify({ items: [{ ...second, kept: 'for ever' }, ...rest, { ...first, field: 'old' }] }),
  );
  const { items: changes } = await turnpike.json('privacy', 'inventory', '--diff', before);
  expect(changes).toEqual([
    { change: 'new', ...first },
    { change: 'changed', ...second },
    { change: 'gone', ...first, field: 'old' },
  ]);
  expect(await turnpike.text('privacy', 'inventory', '--diff', before)).toMatch(/gone .*old/);
});

it('who is erased is gone from a node in contact before the receipt is printed, and from every byte of the database', async () => {
  const { turnpike, directory } = controller;
  const node = new NodeStandIn();
  try {
    await turnpike.text('tariff', 'add', 'small', '--volume', '1GB');
    await turnpike.text('account', 'add', 'customer-99');
    const { id } = await turnpike.json(
      'subscription',
      'create',
      '--account',
      'customer-99',
      '--tariff',
      'small',
    );
    const { device } = await turnpike.json('device', 'add', id, '--label', 'phone');
    const { joinCommand } = await turnpike.json('node', 'add', 'fra1', '--endpoint', '192.0.2.1:51820');
    await node.start(joinCommand);
    await vi.waitFor(() => expect(node.devices.size).toBe(1), { timeout: 20_000, interval: 50 });
    const copy = JSON.parse(await turnpike.text('privacy', 'export', 'customer-99'));
    expect(copy.tables.devices).toMatchObject([{ id: device.id, label: 'phone' }]);
    expect(await turnpike.refused('privacy', 'erase', 'customer-99')).toContain('say --yes');
    const { receipt } = await turnpike.json('privacy', 'erase', 'customer-99', '--yes');
    expect(receipt).toMatchObject({ complete: true, nodes: [{ name: 'fra1', state: 'erased' }] });
    expect([...node.devices.keys(), ...node.subscriptions.keys()]).toEqual([]);
    const files = readdirSync(directory).filter((name) => name.startsWith('turnpike.db'));
    const bytes = files.map((name) => readFileSync(join(directory, name)));
    for (const trace of ['customer-99', id, device.id, device.publicKey]) {
      expect(bytes.some((file) => file.includes(trace))).toBe(false);
    }
    expect(await turnpike.text('privacy', 'receipt', receipt.id)).toMatch(/complete +yes/);
    expect(await turnpike.text('privacy', 'erasures')).toContain(receipt.id);
    expect(await turnpike.text('privacy', 'retention')).toMatch(/daily-usage +90 days +0/);
    expect((await turnpike.json('audit', 'list')).items).toContainEqual(
      expect.objectContaining({ route: '/v1/accounts', erased: true, subject: {} }),
    );
  } finally {
    await node.stop();
  }
});
