import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tryRun } from '../lab/run.ts';

const folder = fileURLToPath(new URL('../../systemd/', import.meta.url));
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));

/** Of systemd-analyze's exposure, ten times: 0 is a closed box, 96 a unit without any sandbox. */
const exposureLimits: Record<string, number> = {
  'turnpike-controller.service': 15,
  'turnpike-agent.service': 23,
  'turnpike-wireguard@.service': 23,
};

const installed = (await tryRun(['systemd-analyze', '--version'])).exitCode === 0;

test('the units are those that we know', () => {
  expect(units.sort()).toEqual(Object.keys(exposureLimits).sort());
});

test.skipIf(!installed).each(units)('%s is what systemd understands, to the last line', async (unit) => {
  const words = ['--man=no', '--recursive-errors=no'];
  const { exitCode, stdout, stderr } = await tryRun(['systemd-analyze', 'verify', ...words, folder + unit]);
  expect(stdout + stderr).toBe('');
  expect(exitCode).toBe(0);
});

test.skipIf(!installed).each(units)('%s is as closed as it was', async (unit) => {
  const words = ['--offline=true', `--threshold=${exposureLimits[unit]}`];
  const { exitCode, stdout } = await tryRun(['systemd-analyze', 'security', ...words, folder + unit]);
  expect(stdout.split('\n').at(-2)).toContain('exposure');
  expect(exitCode).toBe(0);
});

test.each(units)('%s leaves no core dump and comes back after a failure', (unit) => {
  const lines = readFileSync(folder + unit, 'utf8').split('\n');
  expect(lines).toContain('LimitCORE=0');
  expect(lines).toContain('Restart=on-failure');
});
