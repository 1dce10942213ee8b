import { describe, expect, test } from 'vitest';
import { allowancePerDevice } from '../../common/allowance.ts';
import { newAccount } from './account.ts';
import { decide, decideRemoved } from './decide.ts';
import type { Situation } from './situation.ts';

const MB = 1_000_000n;

function situation(change: Partial<Situation> = {}): Situation {
  return {
    account: { ...newAccount('sub'), granted: 10n * MB },
    used: 0n,
    desired: {
      id: 'sub',
      revision: 1n,
      metering: 'granted',
      grantedBytes: 10n * MB,
      allowance: true,
      recall: 0,
      period: 1,
      nextGrantedBytes: 0n,
    },
    openDevices: new Set(['dev']),
    live: { kind: 'nothing' },
    settled: true,
    bytesPerSecond: 0,
    quietMs: Number.POSITIVE_INFINITY,
    unrefusedMs: Number.POSITIVE_INFINITY,
    wantingMs: 0,
    owing: false,
    futileBytes: 0n,
    wary: false,
    turning: false,
    valid: true,
    refused: false,
    ...change,
  };
}

const account = (granted: bigint, armed: bigint) => ({ ...newAccount('sub'), granted, armed });
const allowance = { kind: 'allowance', devices: new Set(['dev']) } as const;
const recalled = { ...situation().desired, recall: 1, allowance: false };

describe('refused by the controller', () => {
  const live = [
    { kind: 'unlimited' },
    allowance,
    { kind: 'quota', remaining: MB },
  ] as const satisfies Situation['live'][];
  test.each(live)('what is live is closed, whatever was granted: $kind', (each) => {
    for (const metering of ['granted', 'unlimited'] as const) {
      const desired = { ...situation().desired, metering };
      const decision = decide(situation({ desired, live: each, refused: true, bytesPerSecond: 1e6 }));
      expect(decision).toMatchObject({ target: { kind: 'closed' }, wanting: false, again: true });
    }
  });

  test('nothing is armed, asked for or given back', () => {
    const decision = decide(situation({ desired: recalled, refused: true }));
    expect(decision).toMatchObject({ target: { kind: 'closed' }, wanting: false, again: false });
    expect(decision.account).toEqual(situation().account);
  });
});

describe('at rest', () => {
  test('each open device has its allowance, as far as the spare reaches', () => {
    const decision = decide(
      situation({
        account: account(2n * allowancePerDevice, 0n),
        openDevices: new Set(['a', 'b', 'c']),
      }),
    );
    expect(decision.target).toEqual({ kind: 'allowance', devices: new Set(['a', 'b']) });
    expect(decision.account.armed).toBe(2n * allowancePerDevice);
  });

  test('an allowance that is armed stays as it is', () => {
    const decision = decide(situation({ account: account(MB, allowancePerDevice), live: allowance }));
    expect(decision.target).toEqual(allowance);
    expect(decision.account.armed).toBe(allowancePerDevice);
  });

  test('without the allowance, nothing is armed and nothing is wanted', () => {
    const decision = decide(situation({ desired: { ...situation().desired, allowance: false } }));
    expect(decision).toMatchObject({ target: { kind: 'closed' }, wanting: false });
  });

  test('a quota object makes place for allowances after a long rest', () => {
    const decision = decide(
      situation({
        account: account(10n * MB, MB),
        used: MB / 2n,
        live: { kind: 'quota', remaining: MB / 2n },
        quietMs: 300_000,
      }),
    );
    expect(decision).toMatchObject({ target: allowance, rest: true });
  });
});

describe('in traffic', () => {
  const busy = { quietMs: 100, bytesPerSecond: 1000 };

  test('the first bytes on an allowance swap it for a slice of the spare', () => {
    const decision = decide(
      situation({ ...busy, account: account(10n * MB, allowancePerDevice), live: allowance }),
    );
    expect(decision.target).toEqual({ kind: 'quota', bytes: 1_048_576n });
    expect(decision.account.armed).toBe(allowancePerDevice + 1_048_576n);
  });

  test('without spare, the allowance goes on and a grant is wanted', () => {
    const decision = decide(
      situation({ ...busy, account: account(allowancePerDevice, allowancePerDevice), live: allowance }),
    );
    expect(decision).toMatchObject({ target: allowance, wanting: true, again: false });
  });

  test('after counters were destroyed, slices are for fifteen seconds', () => {
    const rich = situation({ ...busy, bytesPerSecond: 1e6, account: account(1000n * MB, 0n), wary: true });
    expect(decide(rich).target).toEqual({ kind: 'quota', bytes: 15n * MB });
    expect(decide({ ...rich, bytesPerSecond: 0 }).target).toEqual({ kind: 'quota', bytes: 262_144n });
  });

  test('who stopped sending wants nothing, however little is left', () => {
    const starved = situation({ account: account(MB, MB), used: MB, quietMs: 5_000 });
    expect(decide(starved)).toMatchObject({ target: { kind: 'closed' }, wanting: false });
    expect(decide({ ...starved, quietMs: 4_999 }).wanting).toBe(true);
    const low = situation({
      account: account(MB, MB),
      used: MB - 10n,
      live: { kind: 'quota', remaining: 10n },
      quietMs: 5_000,
    });
    expect(decide(low).wanting).toBe(false);
    expect(decide({ ...low, quietMs: 4_999 }).wanting).toBe(true);
  });

  test('when no grant comes, all devices’ allowances are closed, read and pooled', () => {
    const waiting = situation({
      ...busy,
      wantingMs: 1000,
      account: account(allowancePerDevice, allowancePerDevice),
      used: 1000n,
      live: allowance,
    });
    expect(decide(waiting)).toMatchObject({ target: { kind: 'closed' }, again: true });
    const read = {
      ...waiting,
      account: account(allowancePerDevice, 1000n),
      live: { kind: 'nothing' } as const,
    };
    expect(decide(read).target).toEqual({ kind: 'quota', bytes: allowancePerDevice - 1000n });
  });

  test('a slice lasts two minutes, and a rest that is less than another slice goes along', () => {
    const rich = account(1000n * MB, 0n);
    expect(decide(situation({ ...busy, bytesPerSecond: 1e6, account: rich })).target).toEqual({
      kind: 'quota',
      bytes: 120n * MB,
    });
    const poor = account(200n * MB, 0n);
    expect(decide(situation({ ...busy, bytesPerSecond: 1e6, account: poor })).target).toEqual({
      kind: 'quota',
      bytes: 200n * MB,
    });
  });

  test('an object that runs low is swapped only for one that holds more', () => {
    const low = { ...busy, live: { kind: 'quota', remaining: 200_000n } } as const;
    const better = decide(situation({ ...low, account: account(2n * MB, MB) }));
    expect(better.target).toEqual({ kind: 'quota', bytes: MB });
    const worse = decide(situation({ ...low, account: account(MB + 100_000n, MB) }));
    expect(worse.target).toEqual({ kind: 'quota', bytes: undefined });
  });

  test('a grant is wanted before all is used', () => {
    const live = { kind: 'quota', remaining: 200_000n } as const;
    expect(decide(situation({ ...busy, live, account: account(MB, MB) })).wanting).toBe(true);
    const plenty = { kind: 'quota', remaining: 900_000n } as const;
    expect(decide(situation({ ...busy, live: plenty, account: account(MB, MB) })).wanting).toBe(false);
  });

  test('nothing left: closed, and wanting until it has been quiet for long', () => {
    const empty = { account: account(MB, MB), used: MB };
    expect(decide(situation({ ...busy, ...empty }))).toMatchObject({
      target: { kind: 'closed' },
      wanting: true,
    });
    expect(decide(situation({ ...empty, quietMs: 300_000 })).wanting).toBe(false);
  });

  test('a rest too small for the packets that come is not armed again and again', () => {
    const last = { ...busy, account: account(MB, MB - 500n), used: MB - 500n, futileBytes: 500n };
    expect(decide(situation(last))).toMatchObject({ target: { kind: 'closed' }, wanting: true });
    expect(decide(situation({ ...last, account: account(MB + 1n, MB - 500n) })).target).toEqual({
      kind: 'quota',
      bytes: 501n,
    });
  });

  test('a device that is opened shares the object that is live', () => {
    const live = { kind: 'quota', remaining: 900_000n } as const;
    const decision = decide(
      situation({ ...busy, live, account: account(MB, MB), openDevices: new Set(['a', 'b']) }),
    );
    expect(decision).toMatchObject({ target: { kind: 'quota', bytes: undefined } });
    expect(decision.account.armed).toBe(MB);
  });
});

describe('a recall', () => {
  test('at rest: closed and read first, then all goes back', () => {
    const armed = situation({
      desired: recalled,
      account: account(10n * MB, MB),
      used: 0n,
      live: { kind: 'quota', remaining: MB },
      quietMs: 6000,
    });
    const first = decide(armed);
    expect(first).toMatchObject({ target: { kind: 'closed' }, again: true });
    expect(first.account.released).toBe(0n);
    const unread = decide({ ...armed, live: { kind: 'nothing' }, settled: false });
    expect(unread.account.released).toBe(0n);
    const read = decide({ ...armed, account: account(10n * MB, 0n), live: { kind: 'nothing' } });
    expect(read.account).toMatchObject({ released: 10n * MB, recall: 1 });
    expect(read.wanting).toBe(false);
  });

  test('at rest with the allowance left: all but the allowance goes back', () => {
    const decision = decide(
      situation({
        desired: { ...recalled, allowance: true },
        account: account(10n * MB, allowancePerDevice),
        live: allowance,
      }),
    );
    expect(decision.target).toEqual(allowance);
    expect(decision.account.released).toBe(10n * MB - allowancePerDevice);
  });

  test('a recall that was answered stays answered, also when a restored controller names an older one', () => {
    const answered = { ...account(3n * MB, 0n), recall: 2 };
    const decision = decide(situation({ account: answered, desired: recalled, owing: true }));
    expect(decision.account).toMatchObject({ recall: 2, released: 3n * MB });
  });

  test('in traffic: the spare goes back at once, the rest once it is quiet', () => {
    const busy = situation({
      desired: recalled,
      account: account(10n * MB, MB),
      live: { kind: 'quota', remaining: MB },
      quietMs: 100,
    });
    const first = decide(busy);
    expect(first).toMatchObject({ target: { kind: 'quota', bytes: undefined }, owing: true });
    expect(first.account).toMatchObject({ released: 9n * MB, recall: 1 });
    const later = decide({ ...busy, account: first.account, owing: true, quietMs: 5000 });
    expect(later).toMatchObject({ target: { kind: 'closed' }, again: true });
  });

  test('a subscription taken from the node gives back all that is left, once read', () => {
    expect(decideRemoved(account(MB, 300n), true, true).account.released).toBe(0n);
    expect(decideRemoved(account(MB, 300n), false, false).again).toBe(true);
    expect(decideRemoved(account(MB, 300n), false, true).account.released).toBe(MB - 300n);
  });
});

describe('what is not sure is closed first', () => {
  test('unlimited that became granted is closed and read before anything is armed', () => {
    const free = situation({ live: { kind: 'unlimited' }, quietMs: 100 });
    expect(decide(free)).toMatchObject({ target: { kind: 'closed' }, again: true });
  });

  test('a lost counter: closed, read, the unread rest written off, and armed afresh', () => {
    const disturbed = { ...account(10n * MB, MB), disturbed: true };
    const open = situation({
      account: disturbed,
      used: 400_000n,
      live: { kind: 'quota', remaining: 1n },
      quietMs: 0,
    });
    expect(decide(open)).toMatchObject({ target: { kind: 'closed' }, again: true });
    const read = decide({ ...open, live: { kind: 'nothing' } });
    expect(read.account).toMatchObject({ writtenOff: 600_000n, disturbed: false });
    expect(read.target.kind).toBe('quota');
  });

  test('after the controller was silent for too long, nothing passes on grants', () => {
    const silent = situation({ valid: false, live: { kind: 'quota', remaining: MB }, quietMs: 0 });
    expect(decide(silent).target).toEqual({ kind: 'closed' });
  });

  test('unlimited needs no grant', () => {
    const free = { ...situation().desired, metering: 'unlimited' as const };
    expect(decide(situation({ desired: free, valid: false })).target).toEqual({ kind: 'unlimited' });
  });
});

describe('throttled where nothing is left', () => {
  const throttle = { downloadBitsPerSecond: 64_000n, scope: 'subscription' } as const;
  const slow = (change: Partial<Situation> = {}) =>
    situation({
      desired: { ...situation().desired, throttle },
      account: account(MB, MB),
      used: MB,
      quietMs: 0,
      ...change,
    });
  const exhausted = { kind: 'quota', remaining: 0n } as const;
  const throttled = { kind: 'unlimited' } as const;

  test('an exhausted object is left for the slower speed, and more is wanted', () => {
    expect(decide(slow({ live: exhausted }))).toMatchObject({ target: { kind: 'throttled' }, wanting: true });
    expect(decide(slow({ live: { kind: 'quota', remaining: 1n } })).target).toEqual({
      kind: 'quota',
      bytes: undefined,
    });
  });

  test('usage beyond the grant arms nothing, and a grant that comes is armed on top of it', () => {
    const beyond = { account: account(MB, 3n * MB), used: 3n * MB, live: throttled };
    expect(decide(slow(beyond))).toMatchObject({ target: { kind: 'throttled' }, wanting: true });
    expect(decide(slow(beyond)).account).toEqual(beyond.account);
    const more = decide(slow({ ...beyond, account: account(4n * MB, 3n * MB) }));
    expect(more).toMatchObject({ target: { kind: 'quota', bytes: MB }, again: false });
    expect(more.account.armed).toBe(4n * MB);
  });

  test('a few bytes are not worth the swap: they are used up throttled', () => {
    const few = slow({ account: account(MB + 65_535n, MB), live: throttled });
    expect(decide(few).target).toEqual({ kind: 'throttled' });
    expect(decide({ ...few, account: account(MB + 65_536n, MB) }).target.kind).toBe('quota');
  });

  test('it needs a controller that was heard, and none that refuses the node', () => {
    expect(decide(slow({ live: throttled, valid: false })).target).toEqual({ kind: 'closed' });
    expect(decide(slow({ live: throttled, refused: true })).target).toEqual({ kind: 'closed' });
  });

  test('while the period turns, all is closed and read', () => {
    expect(decide(slow({ live: exhausted, turning: true }))).toMatchObject({
      target: { kind: 'closed' },
      again: true,
    });
  });
});
