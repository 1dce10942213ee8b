import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listOf } from '../../bench/bulk/lines.ts';
import { type RunningController, startController } from './rig.ts';
import { runProgram } from './turnpike.ts';

let controller: RunningController;
let file: string;

beforeEach(async () => {
  controller = await startController();
  file = join(controller.directory, 'billing.ndjson');
  await writeFile(file, [...listOf(3, 2)].join(''));
  await controller.turnpike.text('tariff', 'add', 'monthly', '--volume', '50GB');
});
afterEach(() => controller.stop());

it('lists are imported, exported and reconciled by command, and what is refused is said by its line', async () => {
  const { turnpike, directory, socket } = controller;
  expect(await turnpike.text('import', file)).toMatch(
    /subscriptions +3 created, 0 changed[\s\S]*devices +6 created/,
  );
  // A process of its own, as in `turnpike export > FILE`.
  const exported = await runProgram('controller/cli/main.ts', ['--socket', socket, 'export']);
  expect(exported.out.split('\n').length).toBe(9);
  const again = await runProgram(
    'controller/cli/main.ts',
    ['--socket', socket, 'import', '-'],
    {},
    exported.out,
  );
  expect(again).toMatchObject({ code: 0, err: '', out: expect.stringContaining('6 unchanged') });
  const dry = await turnpike.text('reconcile', file, '--dry-run');
  expect(dry).toMatch(/nothing was changed/);
  const other = join(directory, 'other.ndjson');
  await writeFile(other, [...listOf(2, 0)].join('').replace('2036-01-01', '2037-01-01'));
  expect(await turnpike.text('reconcile', other, '--dry-run', '--suspend-extra')).toMatch(
    /1 +contract-0000001 +different +expires: 2035-12-31T23:00:00.000Z, listed 2036-12-31T23:00:00.000Z\n +contract-0000003 +extra/,
  );
  expect(await turnpike.json('reconcile', other, '--suspend-extra')).toMatchObject({
    extra: 1,
    suspended: 1,
  });
  expect(await turnpike.json('subscription', 'show', 'contract-0000003')).toMatchObject({
    access: { reasons: [{ code: 'suspension' }] },
  });
  await writeFile(other, 'nothing\n');
  const refused = await turnpike.run('import', other);
  expect(refused).toMatchObject({ code: 64, out: expect.stringContaining('the line is not JSON') });
  expect(refused.err).toMatch(/^turnpike: 1 of 1 lines were refused/);
  expect(await turnpike.refused('import', join(directory, 'none'))).toMatch(/none cannot be read: ENOENT/);
});
