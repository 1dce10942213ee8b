import { describe, expect, test } from 'vitest';
import { silentLogger } from './log.ts';
import { aborted, runTasks, type Task } from './task.ts';

const story: string[] = [];
const task = (name: string, fail?: Promise<never>): Task => ({
  name,
  async run(signal, ready) {
    story.push(`${name} starts`);
    ready();
    await Promise.race([aborted(signal), ...(fail ? [fail] : [])]);
    story.push(`${name} stops`);
  },
});

describe('tasks', () => {
  test('start in order, and stop last first', async () => {
    story.length = 0;
    const stop = new AbortController();
    await runTasks([task('store'), task('api')], stop.signal, {
      log: silentLogger,
      onReady: () => stop.abort(),
    });
    expect(story).toEqual(['store starts', 'api starts', 'api stops', 'store stops']);
  });

  test('the first failure stops the rest and is thrown', async () => {
    story.length = 0;
    const { promise, reject } = Promise.withResolvers<never>();
    const running = runTasks([task('store'), task('api', promise)], new AbortController().signal, {
      log: silentLogger,
      onReady: () => reject(new Error('port taken')),
    });
    await expect(running).rejects.toThrow('port taken');
    expect(story).toEqual(['store starts', 'api starts', 'store stops']);
  });

  test('one that ends by itself is a failure', async () => {
    const quitter: Task = { name: 'quitter', run: async (_signal, ready) => ready() };
    const running = runTasks([quitter], new AbortController().signal, { log: silentLogger });
    await expect(running).rejects.toThrow('task quitter ended by itself');
  });
});
