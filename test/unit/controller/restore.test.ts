import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configText, type RunningController, startController } from './rig.ts';

let root: string;
let controller: RunningController;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'turnpike-restore-'));
  for (const machine of ['old', 'new']) mkdirSync(join(root, machine), { mode: 0o700 });
  controller = await startController({ directory: join(root, 'old') });
});
afterEach(async () => {
  await controller.stop();
  rmSync(root, { recursive: true });
});

it('a lost controller is restored on an empty machine by the commands of the README', async () => {
  const { turnpike } = controller;
  await turnpike.text('tariff', 'add', 'small', '--volume', '1GB');
  await turnpike.text('account', 'add', 'customer-4711');
  await turnpike.text('account', 'add', 'customer-4712');
  const { name } = await turnpike.json('backup', 'create');
  expect(await turnpike.text('backup', 'list')).toContain(name);
  expect(await turnpike.text('backup', 'verify', name)).toContain('is sound');
  const { pin } = await turnpike.json('ca', 'show');
  const { receipt } = await turnpike.json('privacy', 'erase', 'customer-4712', '--yes');
  expect(receipt.backups).toMatchObject([{ name }]);
  await controller.stop();

  const there = join(root, 'new');
  cpSync(join(root, 'old', 'backups'), join(root, 'shelf'), { recursive: true });
  cpSync(join(root, 'old', 'envelope.key'), join(there, 'envelope.key'));
  const config = join(root, 'controller.toml');
  writeFileSync(config, configText(there, {}));
  const restore = ['controller/main.ts', '--config', config, '--restore', join(root, 'shelf', name)];
  const { stdout } = await execa(process.execPath, restore);
  expect(stdout).toMatch(/restored as of .*\nerased again: 1 accounts/);
  expect(stdout).toContain('turnpike hold release --yes');

  controller = await startController({ directory: there });
  const { turnpike: now } = controller;
  expect((await now.json('account', 'list')).items).toMatchObject([{ reference: 'customer-4711' }]);
  expect(await now.json('ca', 'show')).toMatchObject({ pin });
  expect(await now.text('privacy', 'receipt', receipt.id)).toContain(receipt.id);
  expect(await now.text('status')).toMatch(/held +since .*turnpike hold release/);
  expect(await now.refused('hold', 'release')).toContain('--yes');
  expect(await now.text('hold', 'release', '--yes')).toContain('released');
  expect(await now.text('status')).not.toContain('held');
});
