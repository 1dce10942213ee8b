import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { newKeys } from '../lab/tunnel.ts';
import { expectMistake } from './mistake.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ nodes: 1, clients: 0 });
});
afterAll(() => lab[Symbol.asyncDispose]());

test.each<[string, Record<string, string>, RegExp]>([
  [
    'an unknown key',
    { range4: 'rage4 = "10.64.0.0/16"' },
    /controller\.toml.*fleet\.rage4 is not a known key/,
  ],
  ['a range with address bits', { range4: '"10.64.0.1/16"' }, /fleet\.range4.*10\.64\.0\.0\/16/],
  ['a range that is none', { range6: '"fd74::/200"' }, /fleet\.range6.*fd74::\/200/],
])('the controller refuses %s in its configuration', async (_, change, says) => {
  await using other = await createLab({ nodes: 0, clients: 0 });
  other.controller.configure(change);
  expectMistake(await other.controller.startInVain(), says);
});

test('the controller refuses a port that is taken', async () => {
  await using other = await createLab({ nodes: 0, clients: 0 });
  await other.controller.start();
  other.controller.configure({
    socket: `"${other.controller.host.file('other.sock')}"`,
    path: `"${other.controller.host.file('other.db')}"`,
  });
  expectMistake(await other.controller.startInVain(), /(7443|7444|9464).*(in use|taken)/);
});

test('a second controller on the same books is refused', async () => {
  await using other = await createLab({ nodes: 0, clients: 0 });
  await other.controller.start();
  expectMistake(await other.controller.startInVain(), /turnpike\.db|in use|already/);
});

test.each([
  ['is read-only', 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"', /read-only|not be written/i],
  [
    'is full',
    'mount -t tmpfs -o size=8k tmpfs "$0" && head -c 8k /dev/zero > "$0/full" 2>&-; exec "$@"',
    /full|no space/i,
  ],
])('the controller says that its disk %s', async (_, script, says) => {
  await using other = await createLab({ nodes: 0, clients: 0 });
  const { controller } = other;
  const prefix = ['unshare', '-m', 'sh', '-c', script, controller.directory];
  expectMistake(await controller.startInVain(prefix), says);
});

test('the CLI says that no controller answers', async () => {
  expectMistake(await lab.controller.cli.failure('status'), /controller.*(running|reach|start)/i);
});

test('what is wrong in a command is one line, and nothing is half done', async () => {
  await using other = await createLab({ nodes: 0, clients: 0 });
  const { controller } = other;
  const { cli } = controller;
  controller.configure({ range4: '"10.64.0.0/29"' });
  await controller.start();
  const count = async () => (await cli.json<{ devices: string | number }>('status')).devices;

  expectMistake(await cli.failure('tariff', 'add', 'big', '--volume', '50G'), /"50G".*50GB/);
  await cli.json('tariff', 'add', 'small', '--volume', '50MB');
  expectMistake(await cli.failure('tariff', 'add', 'small', '--volume', '50MB'), /small/);
  expectMistake(
    await cli.failure('subscription', 'create', '--account', 'nobody', '--tariff', 'small'),
    /nobody/,
  );
  await cli.json('account', 'add', 'customer-1');
  const words = ['--account', 'customer-1', '--tariff', 'small'];
  const { id } = await cli.json<{ id: string }>('subscription', 'create', ...words);
  expectMistake(await cli.failure('device', 'add', id, '--public-key', 'short'), /key/);
  const { publicKey } = await newKeys();
  await cli.json('device', 'add', id, '--public-key', publicKey);
  expectMistake(await cli.failure('device', 'add', id, '--public-key', publicKey), /public key/);
  expect(await count()).toBe(1);

  // A /29 has six hosts, of which the node's own address is the first.
  for (let device = 2; device <= 5; device++) await cli.json('device', 'add', id);
  expectMistake(await cli.failure('device', 'add', id), /range|address/);
  expect(await count()).toBe(5);

  const topUp = (size: string) =>
    ['subscription', 'top-up', id, size, '--reason', 'bought', '--reference', 'payment-1'] as const;
  await cli.json(...topUp('1MB'));
  expectMistake(await cli.failure(...topUp('2MB')), /payment-1/);
  expectMistake(await cli.failure('usage', 'sub_0000000000000000'), /sub_0000000000000000/);
});
