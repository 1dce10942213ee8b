import { execa } from 'execa';
import { expect, it } from 'vitest';

const tool = (name: string, ...options: string[]) =>
  execa(process.execPath, [`test/${name}/main.ts`, ...options], { reject: false });

it.each([
  ['simulation', '--seeds', 'x'],
  ['simulation', '--seeds', '0'],
  ['simulation', '--seed', ''],
  ['chaos', '--rounds', '1.5'],
  ['fuzz', '--seconds', 'x'],
])('%s refuses %s "%s" instead of doing nothing', async (name, option, text) => {
  const { exitCode, stdout, stderr } = await tool(name, option, text);
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^${option} is a whole number from [01], not "${text}"\n`));
});

it('tools of the project say what they take, and refuse what they do not', async () => {
  expect(await tool('fuzz', '--help')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('--seed S'),
  });
  const { exitCode, stderr } = await tool('simulation', '--frobnicate');
  expect(exitCode).toBe(64);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(stderr).toContain('Usage: npm run sim');
});
