import { describe, expect, it } from 'vitest';
import { TurnpikeError } from '../../common/errors.ts';
import { silentLogger } from '../../common/log.ts';
import type { Context } from '../books/context.ts';
import { sweepTasks } from './sweep.ts';

/** Sweeps three times over a store that fails. */
async function sweepOver(error: Error): Promise<number> {
  let tried = 0;
  const stop = new AbortController();
  const context = {
    log: silentLogger,
    clock: {
      sleep: async () => {
        if (tried === 3) stop.abort();
      },
    },
    store: {
      transaction: async () => {
        tried += 1;
        throw error;
      },
    },
  } as unknown as Context;
  for (const task of sweepTasks(context).slice(1)) await task.run(stop.signal, () => {});
  return tried;
}

describe('the sweep', () => {
  it('goes on when the disk is full, and tries again', async () => {
    expect(await sweepOver(new TurnpikeError('exhausted', 'the disk is full'))).toBe(3);
  });

  it('ends with our own mistakes, so that nobody misses them', async () => {
    await expect(sweepOver(new TurnpikeError('internal', 'the ledger is wrong'))).rejects.toThrow('ledger');
    await expect(sweepOver(new TypeError('oops'))).rejects.toThrow('oops');
  });
});
