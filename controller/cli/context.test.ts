import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgram, runProgram } from './program.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'turnpike-contexts-'));
});
afterEach(() => rm(home, { recursive: true }));

const file = () => join(home, '.config', 'turnpike', 'contexts.json');

async function turnpike(argv: string[], env: Record<string, string> = {}) {
  let [out, err] = ['', ''];
  const terminal = {
    env: { HOME: home, ...env },
    write: (text: string) => {
      out += text;
    },
    untilInterrupted: () => new AbortController().signal,
    drained: async () => undefined,
    openInput: async () => ({ bytes: Readable.from([]), size: 0 }),
    showProgress: undefined,
    readText: async () => 'turnpike_from_file\n',
  };
  const code = await runProgram(createProgram(terminal), argv, (line) => {
    err += line;
  });
  return { code, out, err };
}

/** Where a verb would ask: nobody is there. */
const asked = async (argv: string[] = [], env: Record<string, string> = {}) =>
  (await turnpike([...argv, 'status'], env)).err;

describe('contexts', () => {
  it('are kept where only their owner may read', async () => {
    const add = ['--url', 'http://127.0.0.1:1', 'context', 'add', 'far'];
    expect((await turnpike(add, { TURNPIKE_API_KEY: 'turnpike_secret' })).code).toBe(0);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, '.config', 'turnpike'))).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(file(), 'utf8')).contexts.far.apiKey).toBe('turnpike_secret');
    await chmod(file(), 0o640);
    expect(await asked()).toMatch(/others may read .*chmod 600/);
  });

  it('say where verbs ask: by --context, else the one in use; what is given by hand comes first', async () => {
    await turnpike(['context', 'add', 'near', '--socket', join(home, 'near.sock')]);
    await turnpike(['context', 'add', 'far', '--url', 'http://127.0.0.1:1', '--api-key-file', '-']);
    expect(await asked()).toContain('near.sock');
    expect(await asked(['--context', 'far'])).toContain('http://127.0.0.1:1');
    expect((await turnpike(['context', 'use', 'far'])).out).toBe('from now on: far\n');
    expect(await asked()).toContain('http://127.0.0.1:1');
    expect(await asked([], { TURNPIKE_SOCKET: '/tmp/of-the-shell.sock' })).toContain('of-the-shell.sock');
    expect(await asked(['--socket', '/tmp/by-hand.sock'])).toContain('by-hand.sock');
    expect(await asked(['--context', 'far', '--socket', '/tmp/x'])).toContain('cannot be used with');
  });

  it('are listed without their keys, and removed', async () => {
    await turnpike(['context', 'add', 'far', '--url', 'http://127.0.0.1:1', '--api-key-file', 'key']);
    expect(await readFile(file(), 'utf8')).toContain('turnpike_from_file');
    const { out } = await turnpike(['context', 'list']);
    expect(out).toMatch(/^CONTEXT +CONTROLLER +IN USE\nfar +http:\/\/127\.0\.0\.1:1 +yes\n$/);
    expect((await turnpike(['context', 'list', '--json'])).out).not.toContain('turnpike_from_file');
    await turnpike(['context', 'remove', 'far']);
    expect(await readFile(file(), 'utf8')).not.toContain('turnpike_from_file');
    expect(await asked()).toContain('/run/turnpike/api.sock');
  });

  it.each([
    [['context', 'use', 'nowhere'], /no context "nowhere"/],
    [['--context', 'toString', 'status'], /no context "toString"/],
    [['context', 'add', 'x'], /needs a controller .*--url/],
    [['context', 'add', 'x', '--url', 'http://127.0.0.1:1'], /needs an API key/],
  ])('are refused in one line: %j', async (argv, said) => {
    const { code, err } = await turnpike(argv);
    expect(code).toBeGreaterThan(0);
    expect(err).toMatch(said);
  });
});
