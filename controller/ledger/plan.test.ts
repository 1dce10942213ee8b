import { describe, expect, it } from 'vitest';
import { type Position, planGrants } from './plan.ts';
import { type GrantPolicy, grantPolicy } from './policy.ts';
import { emptyRow, type LedgerRow } from './row.ts';

const kib = 1024n;
const mib = 1024n * kib;
const gib = 1024n * mib;
const policy: GrantPolicy = { ...grantPolicy, allowance: 256n * kib };

function at(row: Partial<LedgerRow>, position: Partial<Omit<Position, 'row'>> = {}): Position {
  return {
    row: { ...emptyRow, ...row },
    serving: true,
    reachable: true,
    devices: 1,
    sinceUseMs: Number.POSITIVE_INFINITY,
    sinceRecallMs: Number.POSITIVE_INFINITY,
    renewAllowance: false,
    ...position,
  };
}

const now = { sinceUseMs: 0 };

describe('grants', () => {
  it('go to the node that wants, at most half of what is free', () => {
    const [row] = planGrants(policy, 1n * gib, [
      at({ wanting: true, rate: 10n * mib, allowance: true }, now),
    ]);
    expect(row).toMatchObject({ granted: 512n * mib, wanting: false });
  });

  it('are for an hour at the reported rate where that is less', () => {
    const [row] = planGrants(policy, 100n * gib, [at({ wanting: true, rate: 1000n, allowance: true }, now)]);
    expect(row?.granted).toBe(3_600_000n);
  });

  it('share what is free between the nodes that are active', () => {
    const wanting = { wanting: true, rate: gib, allowance: true };
    const rows = planGrants(policy, 1n * gib, [at(wanting, now), at({ allowance: true }, now)]);
    expect(rows.map(({ granted }) => granted)).toEqual([256n * mib, 0n]);
  });

  it('are all that is left when that is less than the smallest grant, and leave the want standing', () => {
    const [row] = planGrants(policy, 1000n, [at({ wanting: true, rate: gib })]);
    expect(row).toMatchObject({ granted: 1000n, wanting: true });
  });

  it('are never made from nothing', () => {
    const [row] = planGrants(policy, 1000n, [at({ granted: 2000n, used: 2000n, wanting: true })]);
    expect(row).toMatchObject({ granted: 2000n, wanting: true });
  });

  it('do not go to a node that is cut off or that serves no more', () => {
    const wanting = { wanting: true, rate: gib };
    const rows = planGrants(policy, 100n * kib, [
      at(wanting, { reachable: false }),
      at(wanting, { serving: false }),
    ]);
    expect(rows.map(({ granted }) => granted)).toEqual([0n, 0n]);
  });
});

describe('allowances', () => {
  it('are given beforehand on each node while there is ample', () => {
    const rows = planGrants(policy, 1n * gib, [at({}, { devices: 2 }), at({})]);
    expect(rows).toMatchObject([
      { granted: 512n * kib, allowance: true },
      { granted: 256n * kib, allowance: true },
    ]);
  });

  it('are not given when their sum would be much of what is free', () => {
    const rows = planGrants(policy, 8n * 512n * kib - 1n, [at({}), at({})]);
    expect(rows).toMatchObject([
      { granted: 0n, allowance: false },
      { granted: 0n, allowance: false },
    ]);
  });

  it('are recalled when free is no longer ample, from nodes that are not active', () => {
    const held = { granted: 256n * kib, allowance: true };
    const rows = planGrants(policy, 2n * mib, [at(held), at(held, now)]);
    expect(rows).toMatchObject([
      { allowance: false, recall: 1 },
      { allowance: false, recall: 0 },
    ]);
  });

  it('neither come nor go between the two bounds', () => {
    const held = { granted: 256n * kib, allowance: true };
    const back = { granted: 256n * kib, released: 256n * kib, recall: 1, recallAnswered: 1 };
    const positions = [at(held), at(back)];
    expect(planGrants(policy, 6n * 512n * kib, positions)).toEqual(positions.map(({ row }) => row));
  });

  it('are filled up when a device came, not when some of it was merely used', () => {
    const used = { granted: 256n * kib, used: 100n * kib, allowance: true };
    expect(planGrants(policy, 1n * gib, [at(used)])[0]?.granted).toBe(256n * kib);
    const [row] = planGrants(policy, 1n * gib, [at(used, { devices: 2, renewAllowance: true })]);
    expect(row?.granted).toBe((512n + 100n) * kib);
  });
});

describe('whatever the policy', () => {
  it('nothing is given that is not free', () => {
    const careless = { ...policy, allowancesKeptAt: 0n, allowancesGivenAt: 0n };
    const positions = [at({}), at({}), at({ allowance: true }, { renewAllowance: true })];
    const rows = planGrants(careless, 300n * kib, positions);
    expect(rows.map(({ granted }) => granted)).toEqual([256n * kib, 0n, 0n]);
  });
});

describe('recalls', () => {
  const big = { granted: 100n * mib, allowance: true };

  it('take back what lay idle for the holding time, but the allowance', () => {
    expect(planGrants(policy, 1n * gib, [at(big, { sinceUseMs: 600_000 })])[0]?.recall).toBe(1);
    expect(planGrants(policy, 1n * gib, [at(big, { sinceUseMs: 599_999 })])[0]?.recall).toBe(0);
    expect(planGrants(policy, 1n * gib, [at({ granted: 256n * kib, allowance: true })])[0]?.recall).toBe(0);
  });

  it('do not take back what was granted in the same breath', () => {
    const [row] = planGrants(policy, 1n * gib, [at({ wanting: true, rate: mib })]);
    expect(row).toMatchObject({ granted: 512n * mib, recall: 0 });
  });

  it('take back all from a node without a device of the subscription left', () => {
    expect(planGrants(policy, 1n * gib, [at(big, { devices: 0, ...now })])[0]?.recall).toBe(1);
  });

  it('come at once when another node starves, from quiet nodes first', () => {
    const quiet = at(big, { sinceUseMs: 61_000 });
    const busy = at(big, now);
    const starving = at({ wanting: true, rate: mib });
    const rows = planGrants(policy, 200n * mib, [busy, quiet, starving]);
    expect(rows.map(({ recall }) => recall)).toEqual([0, 1, 0]);
    expect(rows[1]?.allowance).toBe(false);
  });

  it('come from busy nodes when the quiet ones have nothing to give', () => {
    const rows = planGrants(policy, 100n * mib, [at(big, now), at({ wanting: true, rate: mib })]);
    expect(rows.map(({ recall }) => recall)).toEqual([1, 0]);
  });

  it('are not repeated while one is not answered, or was just now', () => {
    const starving = at({ wanting: true, rate: mib });
    const asked = at({ ...big, recall: 1 }, { sinceRecallMs: 10_000 });
    expect(planGrants(policy, 100n * mib, [asked, starving])[0]?.recall).toBe(1);
    const answered = at({ granted: 100n * mib, recall: 1, recallAnswered: 1 }, { sinceRecallMs: 4_999 });
    expect(planGrants(policy, 100n * mib, [answered, starving])[0]?.recall).toBe(1);
  });

  it('do not go to a node that wants', () => {
    const rows = planGrants(policy, 100n * mib, [at({ ...big, wanting: true }), at({ wanting: true })]);
    expect(rows.map(({ recall }) => recall)).toEqual([0, 0]);
  });
});
