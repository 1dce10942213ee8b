import { describe, expect, it } from 'vitest';
import type { Change, OpenPass } from './change.ts';
import { renderChanges } from './render.ts';

describe('renderChanges', () => {
  it('gathers elements of one set into one command', () => {
    const count = (address: string): Change => ({ kind: 'count', address });
    expect(
      renderChanges([count('10.64.0.2'), count('10.64.0.3'), count('fd00::2')], {
        validitySeconds: 60,
        now: 0,
      }),
    ).toBe(
      [
        'add element inet turnpike up4 { 10.64.0.2, 10.64.0.3 }',
        'add element inet turnpike down4 { 10.64.0.2, 10.64.0.3 }',
        'add element inet turnpike up6 { fd00::2 }',
        'add element inet turnpike down6 { fd00::2 }',
        '',
      ].join('\n'),
    );
  });

  it('deletes so that an element which ended by itself does not fail the transaction', () => {
    const pass = { kind: 'quota', quota: 'old' } as const;
    expect(
      renderChanges([{ kind: 'expel', address: '10.64.0.2', pass }], { validitySeconds: 60, now: 0 }),
    ).toBe(
      [
        'add element inet turnpike grant4 { 10.64.0.2 timeout 60s : "q_old" }',
        'delete element inet turnpike grant4 { 10.64.0.2 timeout 60s : "q_old" }',
        '',
      ].join('\n'),
    );
  });

  it('writes a change of quota in an order that one transaction accepts', () => {
    const on = (quota: string) => ({ kind: 'quota', quota }) as const;
    const script = renderChanges(
      [
        { kind: 'arm', quota: 'new', bytes: 299_148n },
        { kind: 'expel', address: 'fd00::2', pass: on('old') },
        { kind: 'admit', address: 'fd00::2', pass: on('new'), endsAt: undefined },
        { kind: 'disarm', quota: 'old' },
      ],
      { validitySeconds: 86_400, now: 0 },
    );
    expect(script.split('\n').slice(0, -1)).toEqual([
      'add quota inet turnpike q_new { 299148 bytes }',
      'add element inet turnpike grant6 { fd00::2 timeout 86400s : "q_old" }',
      'delete element inet turnpike grant6 { fd00::2 timeout 86400s : "q_old" }',
      'add element inet turnpike grant6 { fd00::2 timeout 86400s : "q_new" }',
      'delete quota inet turnpike q_old',
    ]);
  });

  it('ends an element with its device, and a grant with its validity if that is sooner', () => {
    const times = { validitySeconds: 60, now: 1000.25 };
    const admit = (pass: OpenPass, endsAt: number): Change => ({
      ...{ kind: 'admit', address: '10.64.0.2', pass, endsAt },
    });
    const element = (change: Change) => /\{ (.*) \}/.exec(renderChanges([change], times))?.[1];
    expect(element(admit({ kind: 'unlimited' }, 2500.5))).toBe('10.64.0.2 timeout 1s500ms');
    expect(element(admit({ kind: 'allowance', generation: 1 }, 1000.5))).toBe('10.64.0.2 timeout 1ms');
    const quota = { kind: 'quota', quota: 'q' } as const;
    expect(element(admit(quota, 31_000.25))).toBe('10.64.0.2 timeout 30s : "q_q"');
    expect(element(admit(quota, 100_000))).toBe('10.64.0.2 timeout 60s : "q_q"');
  });

  it('writes limits as what is over them, and points both families to one object', () => {
    const speed = { paceUp: 'x_1', poolDown: 'x_2' };
    const script = renderChanges(
      [
        { kind: 'limit', limit: 'x_1', bytesPerSecond: 125_000n },
        { kind: 'pace', address: '10.64.0.2', speed },
        { kind: 'pace', address: 'fd00::2', speed },
        { kind: 'unlimit', limit: 'x_0' },
      ],
      { validitySeconds: 60, now: 0 },
    );
    expect(script.split('\n').slice(0, -1)).toEqual([
      'add limit inet turnpike l_x_1 { rate over 125000 bytes/second burst 16384 bytes }',
      'add element inet turnpike pace_up4 { 10.64.0.2 : "l_x_1" }',
      'add element inet turnpike pool_down4 { 10.64.0.2 : "l_x_2" }',
      'add element inet turnpike pace_up6 { fd00::2 : "l_x_1" }',
      'add element inet turnpike pool_down6 { fd00::2 : "l_x_2" }',
      'delete limit inet turnpike l_x_0',
    ]);
  });

  it.each([
    '10.64.0.2 }; flush ruleset',
    '10.64.0.2, 10.64.0.3',
    '10.64.0.0/24',
    '10.64.1',
    'fe80::1%wg0',
    '',
  ])('lets nothing but an address become an element: "%s"', (address) => {
    expect(() => renderChanges([{ kind: 'count', address }], { validitySeconds: 60, now: 0 })).toThrow(
      'is not an IP address',
    );
  });

  it.each(['q"; flush ruleset', 'a b', '', 'x'.repeat(61)])('refuses the quota name "%s"', (quota) => {
    expect(() => renderChanges([{ kind: 'arm', quota, bytes: 1n }], { validitySeconds: 60, now: 0 })).toThrow(
      'cannot be the name',
    );
  });
});
