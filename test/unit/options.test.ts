import { readdir, readFile } from 'node:fs/promises';
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
  ['bench', '--rounds', '1e999'],
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

it.each([
  ['simulation', '--themes', 'crashes,nothing'],
  ['model', '--kind', 'nothing'],
])('%s refuses %s "%s" and says what there is', async (name, option, text) => {
  const { exitCode, stdout, stderr } = await tool(name, option, text);
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^${option}: there is no "nothing"; there are `));
});

it.each([['bench'], ['bench edge'], ['planted']])(
  '%s answers what is no option in one line, with what there is',
  async (words) => {
    const [name = '', ...part] = words.split(' ');
    const { exitCode, stdout, stderr } = await tool(name, ...part, '--frobnicate');
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toMatch(/^Unknown option '--frobnicate'\nUsage: npm run /);
    expect(stderr).not.toMatch(/^ +at /m);
  },
);

it('no tool reads its options by itself', async () => {
  const files = (await readdir('test', { recursive: true })).filter((path) => /^(?!unit).*\.ts$/.test(path));
  const texts = await Promise.all(
    files.map(async (path) => ({ path, text: await readFile(`test/${path}`, 'utf8') })),
  );
  const own = texts.filter(({ text }) => text.includes('parseArgs'));
  expect(own.map(({ path }) => path)).toEqual(['options.ts']);
});

it.each([
  ['bench', 'frobnicate'],
  ['planted', 'frobnicate'],
])('%s refuses what names nothing', async (name, word) => {
  const { exitCode, stdout, stderr } = await tool(name, word);
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
  expect(stderr).toMatch(/^.*"frobnicate".*\nUsage: npm run /);
});
