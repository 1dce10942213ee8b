import { describe, expect, it } from 'vitest';
import { describeChange } from './change.ts';
import type { GateDevice, GateModel, Pass } from './model.ts';
import { planChanges, planRenewal } from './plan.ts';

const closed: Pass = { kind: 'closed' };

function device(host: number, pass: Pass = closed): GateDevice {
  return { address4: `10.64.0.${host}`, address6: `fd00::${host}`, pass };
}

function model(
  devices: Record<string, GateDevice> = {},
  quotas: Record<string, bigint> = {},
  limits: Record<string, bigint> = {},
): GateModel {
  return {
    devices: new Map(Object.entries(devices)),
    quotas: new Map(Object.entries(quotas).map(([name, bytes]) => [name, { bytes }])),
    limits: new Map(Object.entries(limits).map(([name, bytesPerSecond]) => [name, { bytesPerSecond }])),
  };
}

const lines = (from: GateModel, to: GateModel) => planChanges(from, to, 0).map(describeChange);

describe('planChanges', () => {
  it('counts a closed device and lets it pass nowhere', () => {
    expect(lines(model(), model({ a: device(2) }))).toEqual([
      'count 10.64.0.2 from zero',
      'count fd00::2 from zero',
    ]);
  });

  it('says nothing about what is equal, also in other objects', () => {
    const quotas = { q1: 5n };
    const make = () => model({ a: device(2, { kind: 'quota', quota: 'q1' }), b: device(3) }, quotas);
    expect(lines(make(), make())).toEqual([]);
  });

  it('arms a fresh quota before what points to it, and deletes the old one after it', () => {
    const on = (quota: string, bytes: bigint) =>
      model({ a: device(2, { kind: 'quota', quota }) }, { [quota]: bytes });
    expect(lines(on('q1', 1000n), on('q2', 50n))).toEqual([
      'arm quota q2 with 50 bytes',
      'stop 10.64.0.2 passing on quota q1',
      'stop fd00::2 passing on quota q1',
      'let 10.64.0.2 pass on quota q2',
      'let fd00::2 pass on quota q2',
      'delete quota q1',
    ]);
  });

  it('takes the idle allowance away in the same plan that grants', () => {
    const from = model({ a: device(2, { kind: 'allowance', generation: 1 }) });
    const to = model({ a: device(2, { kind: 'quota', quota: 'q1' }) }, { q1: 10n });
    expect(lines(from, to)).toContain('stop 10.64.0.2 passing on idle allowance 1');
  });

  it('arms an allowance of another generation afresh, and one of the same generation not', () => {
    const at = (generation: number) => model({ a: device(2, { kind: 'allowance', generation }) });
    expect(lines(at(1), at(1))).toEqual([]);
    expect(lines(at(1), at(2))).toEqual([
      'stop 10.64.0.2 passing on idle allowance 1',
      'stop fd00::2 passing on idle allowance 1',
      'let 10.64.0.2 pass on idle allowance 2',
      'let fd00::2 pass on idle allowance 2',
    ]);
  });

  it('keeps the counters of a device that is closed and drops those of one that is gone', () => {
    const open = model({ a: device(2, { kind: 'unlimited' }) });
    expect(lines(open, model({ a: device(2) }))).toEqual([
      'stop 10.64.0.2 passing without limit',
      'stop fd00::2 passing without limit',
    ]);
    expect(lines(open, model())).toContain('delete the counters of 10.64.0.2');
  });

  it('marks a device as not heard before it lets it pass, and takes the mark away with its counters', () => {
    const unheard = model({ a: { ...device(2, { kind: 'unlimited' }), unheard: true } });
    const heard = model({ a: device(2, { kind: 'unlimited' }) });
    const only4 = (all: string[]) => all.filter((line) => line.includes('10.64'));
    expect(only4(lines(model(), unheard))).toEqual([
      'count 10.64.0.2 from zero',
      'mark 10.64.0.2 as not heard',
      'let 10.64.0.2 pass without limit',
    ]);
    expect(only4(lines(unheard, heard))).toEqual(['take 10.64.0.2 for heard']);
    expect(only4(lines(heard, unheard))).toEqual(['mark 10.64.0.2 as not heard']);
    expect(only4(lines(unheard, model()))).toContain('take 10.64.0.2 for heard');
  });

  it('lets a device pass anew when its end moves, without touching its quota', () => {
    const until = (endsAt: number) =>
      model({ a: { ...device(2, { kind: 'quota', quota: 'q1' }), endsAt } }, { q1: 5n });
    expect(lines(until(1000), until(1000))).toEqual([]);
    expect(lines(until(1000), until(2000))).toEqual([
      'stop 10.64.0.2 passing on quota q1',
      'stop fd00::2 passing on quota q1',
      'let 10.64.0.2 pass on quota q1 until 2000 ms',
      'let fd00::2 pass on quota q1 until 2000 ms',
    ]);
  });

  it('lets nobody pass whose end is over, and does not renew him', () => {
    const ended = model({ a: { ...device(2, { kind: 'quota', quota: 'q1' }), endsAt: 1000 } }, { q1: 5n });
    expect(planChanges(model(), ended, 1000).map(({ kind }) => kind)).toEqual(['arm', 'count', 'count']);
    expect(planRenewal(ended, 1000)).toEqual([]);
    expect(planRenewal(ended, 999)).toHaveLength(4);
  });

  it('makes a fresh limit before what points to it, moves only what changes, and deletes the old one after it', () => {
    const at = (limit: string, bytesPerSecond: bigint) =>
      model(
        { a: { ...device(2, { kind: 'unlimited' }), speed: { paceUp: limit, poolUp: 'pool' } } },
        {},
        { [limit]: bytesPerSecond, pool: 9n },
      );
    expect(lines(at('l1', 100n), at('l2', 50n))).toEqual([
      'make limit l2 of 50 bytes a second',
      'stop slowing 10.64.0.2 down by paceUp l1',
      'stop slowing fd00::2 down by paceUp l1',
      'slow 10.64.0.2 down by paceUp l2',
      'slow fd00::2 down by paceUp l2',
      'delete limit l1',
    ]);
    expect(lines(at('l1', 100n), at('l1', 100n))).toEqual([]);
    expect(() => lines(at('l1', 100n), at('l1', 50n))).toThrow('would change in place');
    const dangling = { ...device(2), speed: { poolDown: 'l3' } };
    expect(() => lines(model(), model({ a: dangling }))).toThrow('which does not exist');
  });

  it('refuses to move the end of an allowance, which would be armed afresh by that', () => {
    const until = (endsAt: number) =>
      model({ a: { ...device(2, { kind: 'allowance', generation: 1 }), endsAt } });
    expect(() => lines(until(1000), until(2000))).toThrow('would get another end in place');
  });

  it('counts from zero when an address passes from one device to another', () => {
    const from = model({ a: device(2, { kind: 'unlimited' }) });
    const to = model({ b: device(2, { kind: 'unlimited' }) });
    expect(lines(from, to).filter((line) => line.includes('10.64'))).toEqual([
      'stop 10.64.0.2 passing without limit',
      'delete the counters of 10.64.0.2',
      'count 10.64.0.2 from zero',
      'let 10.64.0.2 pass without limit',
    ]);
  });

  it('refuses a quota that would change in place, one that is not there, and a shared address', () => {
    expect(() => lines(model({}, { q: 1n }), model({}, { q: 2n }))).toThrow('quota q would change in place');
    expect(() => lines(model(), model({ a: device(2, { kind: 'quota', quota: 'q' }) }))).toThrow(
      'which does not exist',
    );
    expect(() => lines(model(), model({ a: device(2), b: device(2) }))).toThrow('same address 10.64.0.2');
  });
});

describe('planRenewal', () => {
  it('touches what is on a quota and nothing else', () => {
    const granted = model(
      { a: device(2, { kind: 'quota', quota: 'q' }), b: device(3, { kind: 'unlimited' }) },
      { q: 1n },
    );
    expect(planRenewal(granted, 0).map(describeChange)).toEqual([
      'stop 10.64.0.2 passing on quota q',
      'stop fd00::2 passing on quota q',
      'let 10.64.0.2 pass on quota q',
      'let fd00::2 pass on quota q',
    ]);
  });
});
