import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningController, startController } from './rig.ts';
import type { Turnpike } from './turnpike.ts';

describe('what people do on the command line', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let turnpike: Turnpike;

  beforeAll(async () => {
    controller = await startController();
    ({ turnpike } = controller);
    await turnpike.text('tariff', 'add', 't', '--volume', '10GB', '--max-devices', '1');
    for (const account of ['a', 'b']) {
      await turnpike.text('account', 'add', account);
      await turnpike.text('subscription', 'create', '--account', account, '--tariff', 't');
    }
  });

  afterAll(() => controller.stop());

  it('a device enrols again with its hardware, and another one is over the limit', async () => {
    const add = ['device', 'add', 'a', '--hardware-id'];
    const { device } = await turnpike.json(...add, 'board 1', '--label', 'phone');
    const again = await turnpike.json(...add, 'board 1');
    expect(again.device).toMatchObject({ address4: device.address4, label: 'phone', status: 'active' });
    expect(await turnpike.text('device', 'show', device.id)).toMatch(/status +replaced\nreplaced by +dev_/);
    expect((await turnpike.json('device', 'list', '--status', 'replaced')).items[0].id).toBe(device.id);
    expect(await turnpike.text('explain', device.id)).toContain(`as ${again.device.id}`);
    expect(await turnpike.refused(...add, 'board 2')).toMatch(/has 1 devices.*allows 1/);
    expect((await turnpike.run(...add, 'board 2')).code).toBe(71);
    expect(await turnpike.text('device', 'set', again.device.id, '--label', '', '--platform', 'ios')).toMatch(
      /platform +ios/,
    );
    expect(await turnpike.refused('device', 'set', again.device.id)).toContain('--label');
    expect(JSON.stringify(await turnpike.json('device', 'list'))).not.toContain('board');
  });

  it('accounts are linked, closed and opened together, and taken apart', async () => {
    expect(await turnpike.text('account', 'link', 'a', 'b')).toBe('account a is linked with b');
    expect((await turnpike.json('account', 'show', 'b')).subscriptions.length).toBe(2);
    expect((await turnpike.json('account', 'show', 'b', '--only')).subscriptions.length).toBe(1);
    expect((await turnpike.json('subscription', 'list', '--account', 'a')).items.length).toBe(2);
    expect((await turnpike.json('subscription', 'list', '--account', 'a', '--only')).items.length).toBe(1);
    const closed = await turnpike.text('account', 'suspend', 'a', '--reason', 'unpaid');
    expect(closed).toMatch(/^suspended: a, b\n/);
    expect(closed.match(/closed: account-suspension/g)?.length).toBe(2);
    await turnpike.text('account', 'resume', 'b', '--only');
    expect((await turnpike.json('subscription', 'show', 'a')).access.state).toBe('closed');
    expect(await turnpike.refused('account', 'resume', 'b')).toContain('turnpike account resume "a"');
    expect(await turnpike.text('account', 'resume', 'a')).toMatch(/^resumed: a\n/);
    expect(await turnpike.text('usage', 'a')).toContain('remaining');
    await turnpike.text('account', 'suspend', 'b', '--reason', 'unpaid');
    expect(await turnpike.text('account', 'resume', 'a')).toMatch(/^resumed: a, b\n/);
    await turnpike.text('account', 'suspend', 'b', '--reason', 'unpaid');
    expect(await turnpike.text('account', 'unlink', 'a')).toBe(
      'account a stands alone, and stays suspended until turnpike account resume "a"',
    );
    expect(await turnpike.text('account', 'resume', 'b')).toMatch(/^resumed: b\n/);
    expect((await turnpike.json('subscription', 'show', 'a')).access.state).toBe('closed');
    await turnpike.text('account', 'resume', 'a');
    expect(await turnpike.refused('account', 'unlink', 'a')).toContain('not linked');
  });

  it('a node gets another name, endpoint and group', async () => {
    await turnpike.text('group', 'add', 'far');
    await turnpike.text('node', 'add', 'n', '--endpoint', '127.0.0.1:51820');
    const set = ['node', 'set', 'n', '--name', 'm', '--endpoint', 'm.example.net:443', '--group', 'far'];
    expect(await turnpike.json(...set)).toMatchObject({ name: 'm', endpoint: 'm.example.net:443' });
    expect(await turnpike.refused('node', 'set', 'm')).toContain('nothing is given');
  });

  it('events are listed, and followed until an interrupt', async () => {
    expect(await turnpike.text('events', '--type', 'device.limit')).toContain('maxDevices=1');
    expect(await turnpike.refused('events', '--type', 'no.such')).toContain('type');
    const argv = ['controller/cli/main.ts', '--socket', controller.socket, 'events', '--follow'];
    const following = execa(process.execPath, [...argv, '--subscription', 'b'], { reject: false });
    const lines = createInterface(following.stdout)[Symbol.asyncIterator]();
    await turnpike.text('device', 'add', 'b');
    await turnpike.refused('device', 'add', 'b');
    expect((await lines.next()).value).toMatch(/^\d{4}-\S+Z {2}device\.limit {2}sub_\w+ {2}maxDevices=1/);
    following.kill('SIGINT');
    expect((await following).exitCode).toBe(0);
  });
});
