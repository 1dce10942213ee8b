import { expect, it } from 'vitest';
import { Wake } from './wake.ts';

it('what was set before the wait is not lost, and counts once', async () => {
  const wake = new Wake();
  const open = new AbortController();
  wake.set();
  wake.set();
  await wake.wait(open.signal);
  let woken = false;
  const waiting = wake.wait(open.signal).then(() => {
    woken = true;
  });
  await Promise.resolve();
  expect(woken).toBe(false);
  wake.set();
  await waiting;
});

it('an aborted signal ends the wait', async () => {
  const wake = new Wake();
  const open = new AbortController();
  const waiting = wake.wait(open.signal);
  open.abort();
  await waiting;
  await wake.wait(open.signal);
});
