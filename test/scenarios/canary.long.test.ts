import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'ipaddr.js';
import { expect, test } from 'vitest';
import { openBackup } from '../../controller/backup/jobs.ts';
import { envelopeFile } from '../../controller/vault/envelope-file.ts';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { keptFiles } from '../lab/kept.ts';
import type { Lab } from '../lab/lab.ts';
import { addressNeedles, expectedByChance, type Needle, needlesIn, wordNeedles } from '../lab/needles.ts';
import { inContact, openShop, Sale } from '../lab/shop.ts';

const asker = fileURLToPath(new URL('../lab/canary-client.ts', import.meta.url));
const keeper = fileURLToPath(new URL('../lab/keep-requests.ts', import.meta.url));
const recorder = new URL('../lab/record-messages.ts', import.meta.url);

// Bytes that no text and no small number has: what is found of the four of an address is found in keys and hashes at
// most, by a chance that is computed below.
const unlikely = (count: number) => Array.from({ length: count }, () => randomInt(0x80, 0xdf));
const newAddress4 = () => unlikely(4).join('.');
const newAddress6 = () =>
  `2${(randomBytes(15).toString('hex') + randomBytes(1).toString('hex')).slice(1)}`.replaceAll(
    /(.{4})(?=.)/g,
    '$1:',
  );

/** From where a client dials, to whom it speaks, and of what. */
interface Canary {
  readonly underlay: string;
  readonly destinations: readonly string[];
  readonly label: string;
}

const canonical = (address: string) => parse(address).toString();

const canaries: readonly Canary[] = [newAddress4(), newAddress6()].map((underlay) => ({
  underlay: canonical(underlay),
  destinations: [newAddress4(), newAddress6()].map(canonical),
  label: `q${randomBytes(8).toString('hex')}`,
}));

const needles: readonly Needle[] = canaries.flatMap(({ underlay, destinations, label }, index) => [
  ...addressNeedles(`underlay of client ${index + 1}`, underlay),
  ...destinations.flatMap((address) => addressNeedles(`destination of client ${index + 1}`, address)),
  ...wordNeedles(`name that client ${index + 1} asked for`, label),
]);

/** The client has only this address towards its node, which has a way back. */
async function moveTo(lab: Lab, number: number, underlay: string): Promise<string> {
  const [client, node] = [lab.client(number), lab.node(number)];
  const v6 = underlay.includes(':');
  const [bits, at] = v6 ? [128, '2001:db8:acc::11'] : [32, node.endpoint.split(':')[0] ?? ''];
  const acc = client.host.interface('acc');
  const family = v6 ? ['-6'] : [];
  await client.host.run(['ip', 'addr', 'flush', 'dev', acc, 'scope', 'global']);
  await client.host.run(['ip', 'addr', 'add', `${underlay}/${bits}`, 'dev', acc]);
  await client.host.run(['ip', ...family, 'route', 'replace', `${at}/${bits}`, 'dev', acc, 'src', underlay]);
  if (v6) await node.host.run(['ip', 'addr', 'add', `${at}/128`, 'dev', node.host.interface('acc')]);
  await node.host.run([
    'ip',
    ...family,
    'route',
    'replace',
    `${underlay}/${bits}`,
    'dev',
    node.host.interface('acc'),
  ]);
  return v6 ? `[${at}]:51820` : node.endpoint;
}

test('no address of a client, no destination and no name that it asks for is kept anywhere, whatever fails', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 2 });
  const { controller } = lab;
  const { cli, host } = controller;
  const recorded = host.file('messages');
  writeFileSync(recorded, '');
  const recording = ['env', `NODE_OPTIONS=--import=${recorder}`, `RECORDED_MESSAGES=${recorded}`];
  await openShop(lab, recording);
  await cli.json('webhook', 'add', 'http://127.0.0.1:9090/');
  const webhooks = host.file('webhooks');
  writeFileSync(webhooks, '');
  const receiver = host.start('receiver', [process.execPath, keeper, webhooks, '9090']);
  await receiver.said(/listening/, 10_000);

  const sale = await Sale.make(lab, 300_000n, 2, ['--thresholds', '10,50', '--max-connections', '2']);
  for (const [index, { underlay, destinations, label }] of canaries.entries()) {
    const number = index + 1;
    for (const address of destinations) {
      const bits = address.includes(':') ? 128 : 32;
      await lab.internet.host.run(['ip', 'addr', 'add', `${address}/${bits}`, 'dev', 'lo']);
    }
    const endpoint = await moveTo(lab, number, underlay);
    const config = await sale.configuration(sale.device(number), number);
    const client = lab.client(number);
    await client.connect(config.replace(/^Endpoint = .*/m, `Endpoint = ${endpoint}`));
    const program = [process.execPath, asker];
    const words = [client.host.file('own'), `${label}.canary.test`, '600', ...destinations];
    client.host.start('asking', [...program, ...words]);
    await client.shakenHands();
    writeFileSync(client.host.file('addresses'), await client.host.run(['ip', 'addr']));
  }
  const passed = () => cli.json<{ usedBytes: string }>('usage', sale.subscription);
  const passing = (bytes: number) =>
    eventually(`${bytes} bytes are booked`, async () => Number((await passed()).usedBytes) >= bytes, {
      within: 30_000,
      every: 300,
    });
  await passing(10_000);
  // The nodes did know where their clients are.
  for (const [index, { underlay }] of canaries.entries()) {
    const { host: at, interface: name } = lab.node(index + 1);
    expect(await at.run(['wg', 'show', name, 'endpoints'])).toContain(underlay);
  }

  await lab.node(1).kill();
  await lab.node(1).start();
  await lab.node(2).cutOff();
  await controller.kill();
  await controller.start(recording);
  await lab.node(2).reconnect();
  for (const node of lab.nodes) await inContact(lab, node.name, 40_000);
  await passing(200_000);

  await eventually('webhooks came', () => readFileSync(webhooks).includes('volume.threshold'), {
    within: 20_000,
  });
  const { name: backup } = await cli.json<{ name: string }>('backup', 'create');
  const pages = [
    await host.run(['curl', '-s', 'http://127.0.0.1:9464/metrics']),
    ...(await Promise.all(
      lab.nodes.map((node) => node.host.run(['curl', '-s', 'http://127.0.0.1:9465/metrics'])),
    )),
    ...(await Promise.all(lab.nodes.map((node) => node.agent('status', '--json')))),
    ...(await Promise.all(
      [['events'], ['audit', 'list'], ['status'], ['explain', sale.subscription], ['webhook', 'list']].map(
        async (words) => JSON.stringify(await cli.json(...words)),
      ),
    )),
    JSON.stringify(await cli.json('privacy', 'export', 'customer-of-lab')),
  ];
  expect(pages.join('\n')).toContain('volume.threshold');
  writeFileSync(host.file('pages'), pages.join('\n'));
  const { current } = await envelopeFile(`${controller.directory}/envelope.key`).load();
  const { database } = await openBackup(
    current ? [current] : [],
    `${controller.directory}/backups/${backup}`,
  );

  const hay = [...keptFiles(lab), ['the backup, decrypted', Buffer.from(database)] as const];
  const names = hay.map(([name]) => name);
  for (const expected of [
    'turnpike.db',
    'turnpike.db-wal',
    'journal.db',
    'controller.log',
    'agent.log',
    'messages',
  ]) {
    expect(names.some((name) => name.endsWith(expected))).toBe(true);
  }
  const holds = (end: string, text: string) =>
    hay.some(([name, bytes]) => name.endsWith(end) && bytes.includes(text));
  for (const end of ['messages', 'decrypted', 'pages', 'webhooks'])
    expect(holds(end, sale.subscription)).toBe(true);
  const leaks = hay.flatMap(([name, bytes]) =>
    needlesIn(bytes, needles).map((needle) => `${name}: ${needle}`),
  );
  // The message is what planted bugs are known by (test/planted).
  expect(leaks, leaks.join('\n')).toEqual([]);
  const total = hay.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  expect(expectedByChance(total, needles)).toBeLessThan(0.2);

  // The same search finds them with those who may know them.
  const found = lab.clients.flatMap(({ host: own }) => [
    ...needlesIn(readFileSync(own.file('own')), needles),
    ...needlesIn(readFileSync(own.file('addresses')), needles),
  ]);
  for (const { underlay, destinations, label } of canaries) {
    for (const needle of [underlay, ...destinations, label]) {
      expect(found.some((name) => name.endsWith(`as ${needle}`))).toBe(true);
    }
  }
}, 120_000);
