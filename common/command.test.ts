import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CommandError, runCommand } from './command.ts';
import { serializeError } from './log.ts';

const failure = async (argv: [string, ...string[]], options = {}): Promise<CommandError> => {
  try {
    await runCommand(argv, options);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
  throw new Error('the command should have failed');
};

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
