import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { CommandError, runCommand } from './command.ts';
import { serializeError } from './serialize-error.ts';

const failure = async (argv: [string, ...string[]], options = {}): Promise<CommandError> => {
  try {
    await runCommand(argv, options);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
  throw new Error('the command should have failed');
};

/** The letter of proc(5); `Z` has ended, and waits for the machine's first process to look. */
async function stateOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') gone');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[0];
}

describe('a command', () => {
  test('gets its input through a pipe and gives back its output', async () => {
    expect(await runCommand(['cat'], { input: 'hello' })).toBe('hello');
  });

  test('that is not installed is named', async () => {
    expect((await failure(['turnpike-no-such-program'])).message).toBe(
      'turnpike-no-such-program is not installed',
    );
  });

  test('that takes too long is ended', async () => {
    expect((await failure(['sleep', '60'], { timeoutMs: 50 })).message).toMatch(/took too long/);
  });

  test('that takes too long is ended with all that it has started', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'turnpike-command-'));
    try {
      const script = 'echo $$ >"$1/pid"; cat | sh -c \'echo $$ >"$1/grandchild"; exec sleep 60\' sh "$1"';
      const argv = ['sh', '-c', script, 'sh', directory] as [string, ...string[]];
      expect((await failure(argv, { input: 'x', timeoutMs: 500 })).message).toMatch(/took too long/);
      const pid = Number(await readFile(join(directory, 'grandchild'), 'utf8'));
      await vi.waitFor(async () => expect(await stateOf(pid)).toBeOneOf(['gone', 'Z']), 10_000);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('that fails tells its status, and what it printed is in no rendering of the error', async () => {
    const error = await failure(['sh', '-c', 'echo secret-out; echo secret-err >&2; exit 3', 'secret-arg']);
    expect(error.message).toBe('sh failed with status 3');
    expect(error.said(/secret-err/)).toBe(true);
    const renderings = [
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
      JSON.stringify(serializeError(error)),
      String(error.stack),
    ];
    for (const text of renderings) expect(text).not.toContain('secret');
  });
});
