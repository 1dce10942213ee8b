import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './http.ts';
import { type RunningController, startController } from './rig.ts';
import type { Turnpike } from './turnpike.ts';

describe('tariffs over API and CLI', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let turnpike: Turnpike;
  beforeAll(async () => {
    controller = await startController();
    ({ turnpike } = controller);
  });
  afterAll(() => controller.stop());

  it('show all that they sell', async () => {
    await turnpike.text(
      ...['tariff', 'add', 'all', '--volume', '50GB', '--period', '30d', '--rollover', '--throttle', '1Mbit'],
      ...[
        '--thresholds',
        '80,95',
        '--max-devices',
        '5',
        '--max-connections',
        '2',
        '--seat-policy',
        'evict-oldest',
      ],
      ...['--shared-key', 'count', '--require-hardware-id', '--download', '50Mbit', '--upload', '10Mbit'],
      ...['--speed-scope', 'subscription', '--duration', '90d', '--grace', '36h'],
    );
    const shown = await turnpike.text('tariff', 'show', 'all');
    for (const line of [
      /^period +30 days$/m,
      /^rollover +yes$/m,
      /^volume end +throttle to 1 Mbit\/s$/m,
      /^thresholds +80 %, 95 %$/m,
      /^connections +at most 2 at once, evict-oldest$/m,
      /^shared key +count$/m,
      /^hardware id +required$/m,
      /^download +50 Mbit\/s$/m,
      /^upload +10 Mbit\/s$/m,
      /^speed per +subscription$/m,
      /^duration +90 days$/m,
      /^grace +36 hours$/m,
    ]) {
      expect(shown).toMatch(line);
    }
    expect(await turnpike.text('tariff', 'list')).toMatch(
      /all +50\.00 GB +30 days +5 +2 +50 Mbit\/s +10 Mbit\/s/,
    );
  });

  it.each([
    ['--period 0d', /^turnpike: --period \(in days\) must be a whole number from 1 to 3660$/],
    ['--download 1kbit', /^turnpike: --download \(in bits per second\) must be .* from 64000 to/],
    [
      '--throttle 2Mbit --download 1Mbit',
      /^turnpike: --throttle: 2 Mbit\/s after the volume has ended is more than --download before: give/,
    ],
    ['--period 99999999d', /^turnpike: --period \(in days\) must be a whole number from 1 to 3660$/],
    ['--max-connections 99999999999', /^turnpike: --max-connections must be .* from 1 to 1000000$/],
    ['--max-devices 99999999999999999999', /^turnpike: --max-devices must be .* from 1 to 1000000$/],
    ['--duration 99999999d', /^turnpike: --duration \(in days\) must be .* from 1 to 36500$/],
    ['--grace 999999999999999d', /^turnpike: --grace \(in seconds\) must be .* from 0 to /],
    ['--max-devices 0', /^turnpike: --max-devices must be/],
    ['--grace 9999d', /^turnpike: --grace \(in seconds\) must be/],
    ['--rollover', /^turnpike: --rollover: there is no next period/],
  ])('speak of options to whom gave them: %s', async (options, said) => {
    const words = ['tariff', 'add', 'refused', '--volume', '1GB', ...options.split(' ')];
    expect(await turnpike.refused(...words)).toMatch(said);
  });

  it('say what a change does when', async () => {
    await turnpike.text('tariff', 'add', 'monthly', '--volume', '1GB', '--period', 'month');
    const said = await turnpike.text(
      ...['tariff', 'set', 'monthly', '--volume', '2GB', '--download', '5Mbit', '--duration', '30d'],
    );
    expect(said).toContain('in force now: --download');
    expect(said).toContain("from each one's next period on: --volume");
    expect(said).toContain("from each one's next renewal on: --duration");
    await turnpike.text('tariff', 'remove', 'monthly');
    expect(await turnpike.refused('tariff', 'show', 'monthly')).toContain('"monthly"');
  });

  it.each([
    [{ volumeBytes: '0' }, '/volumeBytes', /more than zero and at most/],
    [{ volumeBytes: '9223372036854775808' }, '/volumeBytes', /2\^63/],
    [{ volumeBytes: '-1' }, '/volumeBytes', /string of digits/],
    [{ period: 'days', periodDays: 0 }, '/periodDays', /from 1 to 3660/],
    [{ period: 'week' }, '/period', /once, month, days/],
    [{ thresholds: [95, 80] }, '/thresholds', /each more than the one before/],
    [{ rollover: true }, '/rollover', /"month" or "days"/],
    [{ downloadBitsPerSecond: 1000 }, '/downloadBitsPerSecond', /from 64000 to 1000000000000/],
    [{ volumeBytes: null, throttleBitsPerSecond: 64_000 }, '/throttleBitsPerSecond', /unlimited/],
    [{ maxConnections: 0 }, '/maxConnections', /from 1 to 1000000/],
  ])(
    'that cannot be are a problem that says which field, and what is allowed: %j',
    async (change, pointer, allowed) => {
      const { status, body } = await ask(controller.socket, 'POST', '/v1/tariffs', {
        ...{ name: 'x', volumeBytes: '5' },
        ...change,
      });
      expect(status).toBe(400);
      expect(body).toMatchObject({
        type: 'urn:turnpike:problem:invalid',
        errors: [{ pointer, message: expect.stringMatching(allowed) }],
      });
    },
  );
});
