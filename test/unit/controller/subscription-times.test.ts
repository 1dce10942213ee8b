import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './http.ts';
import { type RunningController, startController } from './rig.ts';
import type { Turnpike } from './turnpike.ts';

describe('times and tariffs of subscriptions over API and CLI', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let turnpike: Turnpike;
  beforeAll(async () => {
    controller = await startController();
    ({ turnpike } = controller);
    await turnpike.text('account', 'add', 'a');
    await turnpike.text(
      ...[
        'tariff',
        'add',
        'monthly',
        '--volume',
        '1GB',
        '--period',
        'month',
        '--duration',
        '30d',
        '--grace',
        '3d',
      ],
    );
    await turnpike.text(
      'tariff',
      'add',
      'more',
      '--volume',
      '2GB',
      '--period',
      'month',
      '--max-devices',
      '1',
    );
  });
  afterAll(() => controller.stop());

  const create = (...times: string[]) =>
    turnpike.json('subscription', 'create', '--account', 'a', '--tariff', 'monthly', ...times);

  it('are shown, set and put off', async () => {
    const { id } = await create('--starts', '2199-03-01', '--time-zone', 'Europe/Berlin');
    const shown = await turnpike.text('subscription', 'show', id);
    for (const line of [
      /^access +closed: not-started$/m,
      /^starts +2199-02-28 23:00 UTC$/m,
      /^expires +2199-03-30 23:00 UTC$/m,
      /^grace until +2199-04-02 23:00 UTC$/m,
      /^time zone +Europe\/Berlin$/m,
    ]) {
      expect(shown).toMatch(line);
    }
    expect(
      await turnpike.text('subscription', 'set', id, '--starts', 'now', '--expires', '2199-01-01'),
    ).toMatch(/expires 2198-12-31 23:00 UTC, and is open$/);
    const renew = ['subscription', 'renew', id, '--reference', 'p1'];
    expect(await turnpike.text(...renew)).toContain('renewed until 2199-01-30 23:00 UTC, and is open');
    expect(await turnpike.text(...renew)).toContain('renewed until 2199-01-30 23:00 UTC, and is open');
    expect(await turnpike.refused(...renew, '--periods', '2')).toContain('was booked already');
    expect(await turnpike.refused(...renew, '--periods', '2', '--until', '2200-01-01')).toContain('--until');
    expect(await turnpike.text('explain', id)).not.toContain('expired');
    expect(await turnpike.text('subscription', 'cancel', id, '--reason', 'left us')).toContain(
      'closed: cancelled',
    );
  });

  it('wait for the first connection', async () => {
    const { id } = await create('--starts', 'first-connection');
    const shown = await turnpike.text('subscription', 'show', id);
    expect(shown).toMatch(/^starts +at its first connection$/m);
    expect(shown).toMatch(/^access +open$/m);
  });

  it('change their tariff', async () => {
    const { id } = await create();
    const change = ['subscription', 'change', id, '--tariff', 'more'];
    expect(await turnpike.text(...change, '--when', 'next-period')).toContain(
      'tariff more from its next period on',
    );
    expect(await turnpike.text('subscription', 'show', id)).toMatch(/^next tariff +more$/m);
    expect(await turnpike.text(...change)).toContain('has the tariff more now');
    expect(await turnpike.json('subscription', 'show', id)).toMatchObject({
      ...{ tariff: 'more', nextTariff: null, volumeBytes: '2000000000' },
    });
  });

  it.each([
    [{ timeZone: 'Europe/Berln' }, 'timeZone', /there is no time zone "Europe\/Berln"/],
    [{ expires: '2001-01-01' }, 'expires', /is not after the start|over already/],
    [{ starts: 'soon' }, 'starts', /"soon" is not a date or time/],
  ])('that cannot be are a problem by its field: %j', async (times, field, said) => {
    const { status, body } = await ask(controller.socket, 'POST', '/v1/subscriptions', {
      ...{ account: 'a', tariff: 'monthly' },
      ...times,
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: 'urn:turnpike:problem:invalid',
      errors: [{ pointer: `/${field}`, message: expect.stringMatching(said) }],
    });
  });
});
