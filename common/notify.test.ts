import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import type { CommandRunner } from './command.ts';
import { silentLogger } from './log.ts';
import { createNotifier } from './notify.ts';

function setUp(env: Record<string, string>) {
  const sent: string[] = [];
  const slept: number[] = [];
  const stop = new AbortController();
  const run: CommandRunner = async (argv) => {
    sent.push(argv.join(' '));
    return '';
  };
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: () => ({ cancel: () => undefined }),
    sleep: async (ms) => {
      slept.push(ms);
      if (slept.length === 3) stop.abort();
    },
  };
  const notifier = createNotifier({ env, pid: 42, run, clock, log: silentLogger });
  return { notifier, sent, slept, stop };
}

describe('telling systemd', () => {
  it('says nothing when systemd does not listen', async () => {
    const { notifier, sent } = setUp({ WATCHDOG_USEC: '1000000' });
    await notifier.ready();
    expect(sent).toEqual([]);
    expect(notifier.watchdog).toBeUndefined();
  });

  it('says ready and stopping when it does', async () => {
    const { notifier, sent } = setUp({ NOTIFY_SOCKET: '/run/systemd/notify' });
    await notifier.ready();
    await notifier.stopping();
    expect(sent).toEqual(['systemd-notify READY=1', 'systemd-notify STOPPING=1']);
    expect(notifier.watchdog).toBeUndefined();
  });

  it('pets the watchdog twice per period until stopped', async () => {
    const { notifier, sent, slept, stop } = setUp({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '30000000' });
    await notifier.watchdog?.run(stop.signal, () => undefined);
    expect(slept).toEqual([15_000, 15_000, 15_000]);
    expect(sent).toEqual(Array(3).fill('systemd-notify WATCHDOG=1'));
  });

  it("leaves another process's watchdog alone", () => {
    const env = { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' };
    expect(setUp(env).notifier.watchdog).toBeUndefined();
  });

  it('goes on when the notification cannot be sent', async () => {
    const failing: CommandRunner = () => Promise.reject(new Error('no systemd-notify'));
    const told = createNotifier({
      env: { NOTIFY_SOCKET: '/x' },
      pid: 1,
      run: failing,
      clock: {} as Clock,
      log: silentLogger,
    });
    await expect(told.ready()).resolves.toBeUndefined();
  });
});
