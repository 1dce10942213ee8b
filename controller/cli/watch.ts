import type { Command } from 'commander';
import { systemClock } from '../../common/clock.ts';
import { describeError, TurnpikeError } from '../../common/errors.ts';
import type { Terminal } from './session.ts';

/** Verbs that only look. */
const looking = ['list', 'show', 'status', 'usage', 'explain', 'deliveries', 'top'];
const everyMs = 1000;
const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

/**
 * `--watch`, beside any verb that only looks, and `top` on a screen: it looks again and again until it is interrupted. On
 * a screen each look takes the place of the one before; elsewhere what has changed is written.
 * @returns the terminal that verbs are to write on
 */
export function addWatch(program: Command, terminal: Terminal): Terminal {
  let written: string | undefined;
  let isWatched = false;
  program.option('--watch', 'look again every second, until interrupted');
  program.hook('preAction', (_program, verb) => {
    const isTop = verb.name() === 'top' && !verb.opts()['once'] && terminal.screen?.() !== undefined;
    if (program.opts()['watch'] !== true && !isTop) return;
    if (!looking.includes(verb.name())) {
      throw new TurnpikeError('invalid', `${verb.name()} cannot be watched`, {
        remedy: `--watch is for ${looking.join(', ')}`,
      });
    }
    written = '';
  });
  program.hook('postAction', async () => {
    if (isWatched || written === undefined) return;
    isWatched = true;
    // What was parsed; commander has it, and does not say so in its types.
    const words = [...(program as Command & { rawArgs: string[] }).rawArgs];
    const interrupted = terminal.untilInterrupted();
    let shown: string | undefined;
    while (!interrupted.aborted) {
      if (written !== shown) terminal.write(terminal.screen?.() ? `${clearScreen}${written}` : written);
      shown = written;
      await systemClock.sleep(everyMs, interrupted);
      if (!interrupted.aborted) written = await look(program, words, () => written ?? '');
    }
  });
  return {
    ...terminal,
    write: (text) => {
      if (written === undefined) terminal.write(text);
      else written += text;
    },
  };
}

/** A controller that is being restarted is said to be so, and looked for again. */
async function look(program: Command, words: readonly string[], written: () => string): Promise<string> {
  try {
    await program.parseAsync(words, { from: 'user' });
    return written();
  } catch (error) {
    if (error instanceof TurnpikeError) return `turnpike: ${describeError(error)}\n`;
    throw error;
  }
}
