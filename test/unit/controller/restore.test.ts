import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { join as joinController } from '../../../agent/commands/join.ts';
import { systemClock } from '../../../common/clock.ts';
import { Cleanup, startAgent, until } from '../south/rig.ts';
import { parseJoinCommand } from './node-stand-in.ts';
import { configText, type RunningController, startController } from './rig.ts';

const cleanup = new Cleanup();

let root: string;
let controller: RunningController;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'turnpike-restore-'));
  for (const machine of ['old', 'new']) mkdirSync(join(root, machine), { mode: 0o700 });
  controller = await startController({ directory: join(root, 'old') });
});
afterEach(async () => {
  await cleanup.run();
  await controller.stop();
  rmSync(root, { recursive: true });
});

/** On the new machine, by the command; says what that printed. */
async function restore(name: string): Promise<{ there: string; stdout: string }> {
  const there = join(root, 'new');
  cpSync(join(root, 'old', 'backups'), join(root, 'shelf'), { recursive: true });
  cpSync(join(root, 'old', 'envelope.key'), join(there, 'envelope.key'));
  const config = join(root, 'controller.toml');
  writeFileSync(config, configText(there, {}));
  const command = ['controller/main.ts', '--config', config, '--restore', join(root, 'shelf', name)];
  const { stdout } = await execa(process.execPath, command);
  return { there, stdout };
}

it('a lost controller is restored on an empty machine by the commands of the README', async () => {
  const { turnpike } = controller;
  await turnpike.text('tariff', 'add', 'small', '--volume', '1GB');
  await turnpike.text('account', 'add', 'customer-4711');
  await turnpike.text('account', 'add', 'customer-4712');
  await turnpike.text('account', 'add', 'customer-4713');
  const { name } = await turnpike.json('backup', 'create');
  expect(await turnpike.text('backup', 'list')).toContain(name);
  expect(await turnpike.text('backup', 'verify', name)).toContain('is sound');
  const { pin } = await turnpike.json('ca', 'show');
  const { receipt } = await turnpike.json('privacy', 'erase', 'customer-4712', '--yes');
  const restricted = await turnpike.text('privacy', 'restrict', 'customer-4713', '--reason', 'disputed');
  expect(restricted).toBe('account customer-4713 is kept and not used');
  expect(receipt.backups).toMatchObject([{ name }]);
  await controller.stop();

  const { there, stdout } = await restore(name);
  expect(stdout).toMatch(
    /restored as of .*\nerased again: 1 accounts\nrestricted again: 1 accounts\nremoved again: nodes none; API keys none\n/,
  );
  expect(stdout).toContain('turnpike hold release --yes');

  controller = await startController({ directory: there });
  const { turnpike: now } = controller;
  expect((await now.json('account', 'list')).items).toMatchObject([
    { reference: 'customer-4711', restrictedAt: null },
    { reference: 'customer-4713', suspensionReason: 'restricted before the restore' },
  ]);
  expect(await now.json('ca', 'show')).toMatchObject({ pin });
  expect(await now.text('privacy', 'receipt', receipt.id)).toContain(receipt.id);
  expect(await now.text('status')).toMatch(/held +since .*turnpike hold release/);
  expect(await now.refused('hold', 'release')).toContain('--yes');
  expect(await now.text('hold', 'release', '--yes')).toContain('released');
  expect(await now.text('status')).not.toContain('held');
});

it('a restored controller refuses keys and nodes that were taken away since its backup', async () => {
  const api = 'listen = "127.0.0.1:0"';
  await controller.stop();
  controller = await startController({ directory: join(root, 'old'), api });
  const { turnpike } = controller;
  const keyOf = async (name: string): Promise<string> =>
    (await turnpike.json('api-key', 'add', name, '--scopes', 'read')).key;
  const [removed, rotated, good] = [await keyOf('removed'), await keyOf('rotated'), await keyOf('good')];
  const joined = async (name: string) => {
    const { joinCommand } = await turnpike.json(
      'node',
      'add',
      name,
      '--endpoint',
      `${name}.example.net:51820`,
    );
    const stateDirectory = await cleanup.directory();
    const wish = { ...parseJoinCommand(joinCommand), stateDirectory, forceNew: false };
    return (await joinController(wish, systemClock)).identity;
  };
  const [stolen, kept] = [await joined('stolen'), await joined('kept')];
  const { name } = await turnpike.json('backup', 'create');
  expect(await turnpike.json('api-key', 'remove', 'removed')).toMatchObject({ notCovered: [] });
  expect(await turnpike.text('api-key', 'rotate', 'rotated', '--overlap', '0')).not.toContain('not covered');
  expect(await turnpike.text('node', 'remove', 'stolen')).toBe('node stolen removed');
  await controller.stop();

  const { there, stdout } = await restore(name);
  expect(stdout).toContain('removed again: nodes stolen; API keys removed\n');
  expect(stdout).toMatch(/rotated since, whose clients need another one: rotated \(/);
  expect(stdout).toContain('before these nodes have told what passed: kept\n');

  controller = await startController({ directory: there, api });
  const { turnpike: now, ports } = controller;
  const status = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`http://127.0.0.1:${ports.api}/v1/status`, { headers })).status;
  };
  expect([await status(removed), await status(rotated), await status(good)]).toEqual([401, 401, 200]);
  expect(await now.text('status')).toMatch(/API keys +rotated since the backup, .*: rotated/);
  const { key } = await now.json('api-key', 'rotate', 'rotated');
  expect([await status(rotated), await status(key)]).toEqual([401, 200]);

  const controllerAddress = `127.0.0.1:${ports.nodes}`;
  const thief = await startAgent(cleanup, { ...stolen, controllerAddress });
  const node = await startAgent(cleanup, { ...kept, controllerAddress });
  await until(() => expect(node.south.state()).toBe('connected'));
  await until(() => expect(thief.sink.refusedCount).toBeGreaterThan(0));
  expect(thief.sink.heardCount).toBe(0);
  expect((await now.json('node', 'list')).items).toMatchObject([{ name: 'kept', connected: true }]);
});
