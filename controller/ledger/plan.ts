import { maxBytes } from '../../common/bytes.ts';
import { compare, smaller } from './bigint.ts';
import type { GrantPolicy } from './policy.ts';
import { claimedBytes, countedBytes, freeBytes, gateBytes, type LedgerRow, outstandingBytes } from './row.ts';
import { sizeGrant } from './size-grant.ts';

/** A row, and what is known of its node just now. */
export interface Position {
  readonly row: LedgerRow;
  /** The incarnation serves: not followed by another one, not quarantined. What does not serve keeps its claim. */
  readonly serving: boolean;
  /** In contact: a grant to a node that is cut off would be stranded there. */
  readonly reachable: boolean;
  /** Of the subscription, on this node. */
  readonly devices: number;
  /** Since it last used or wanted something, or was given what it wanted. */
  readonly sinceUseMs: number;
  /** Infinity when it was not recalled. */
  readonly sinceRecallMs: number;
  /** It was used until what it had ended, and goes on now that there is more: it need not ask. */
  readonly returning?: boolean;
  /** A device came, or a recall took the allowance: it is to be filled up. */
  readonly renewAllowance: boolean;
}

/** What else there is to a decision. */
export interface Occasion {
  /** The period has not begun: nothing of it can be recalled yet. */
  readonly ahead?: boolean;
  /** Volume is to be taken back: whatever nodes hold is recalled, `again` not of those that were asked just now. */
  readonly reclaim?: 'now' | 'again' | undefined;
  /** Nothing is granted to it, as it may not pass; what is to come back is recalled all the same. */
  readonly closed?: boolean;
}

/**
 * Decides what a limited subscription's nodes may hold: grants to those that want, allowances while there is ample,
 * recalls from those that lie idle or when another one starves. Gives back the rows in their order, changed or not.
 *
 * The sum of all claims grows by at most what is free.
 */
export function planGrants(
  policy: GrantPolicy,
  volume: bigint,
  positions: readonly Position[],
  { ahead = false, reclaim, closed = false }: Occasion = {},
): LedgerRow[] {
  const plan = new Plan(policy, volume, positions, ahead);
  if (closed) {
    if (reclaim) plan.recallAll(reclaim);
    return plan.rows;
  }
  plan.grantToWanting();
  plan.setAllowances();
  if (ahead) return plan.rows;
  if (reclaim) plan.recallAll(reclaim);
  plan.recallIdle();
  plan.recallForStarving();
  return plan.rows;
}

class Plan {
  readonly rows: LedgerRow[];
  readonly #policy: GrantPolicy;
  readonly #positions: readonly Position[];
  readonly #serving: readonly number[];
  readonly #ahead: boolean;
  /** Of the volume, as it is counted. */
  #free: bigint;

  constructor(policy: GrantPolicy, volume: bigint, positions: readonly Position[], ahead: boolean) {
    this.#policy = policy;
    this.#ahead = ahead;
    this.#positions = positions;
    this.rows = positions.map(({ row }) => row);
    this.#free = freeBytes(volume, this.rows);
    this.#serving = positions.flatMap(({ serving }, index) => (serving ? [index] : []));
  }

  grantToWanting(): void {
    const wanting = this.#serving.filter((index) => {
      const { reachable, returning = false } = this.#at(index);
      // A node that has not answered a recall gives back what it is granted meanwhile, too.
      return reachable && (this.#row(index).wanting || returning) && !this.#pending(index);
    });
    const activeNodes = this.#serving.filter((index) => this.#active(index)).length;
    // Who has least is served first.
    for (const index of wanting.sort((a, b) => compare(this.#outstanding(a), this.#outstanding(b)))) {
      const free = this.#room(index);
      const bytes = sizeGrant(this.#policy, { free, rate: this.#row(index).rate, activeNodes });
      this.#grant(index, bytes);
      // A crumb does not still a want: what others give back goes to it next.
      if (bytes >= this.#policy.smallest) this.#change(index, { wanting: false });
    }
  }

  setAllowances(): void {
    const counted = (index: number, bytes: bigint) => countedBytes(this.#row(index), bytes);
    const sum = this.#serving.reduce((total, index) => total + counted(index, this.#allowance(index)), 0n);
    // What would be free without any allowance: does not move when they are given and taken.
    const ample = this.#serving
      .filter((index) => this.#row(index).allowance)
      .reduce(
        (total, index) => total + counted(index, smaller(this.#outstanding(index), this.#allowance(index))),
        this.#free,
      );
    for (const index of this.#serving) {
      if (this.#row(index).allowance && ample < sum * this.#policy.allowancesKeptAt) {
        if (this.#ahead) continue;
        this.#change(index, { allowance: false });
        if (!this.#active(index)) this.#recall(index);
      } else if (this.#row(index).allowance) {
        if (this.#at(index).renewAllowance) this.#fillAllowance(index);
      } else if (this.#at(index).devices > 0 && ample >= sum * this.#policy.allowancesGivenAt) {
        this.#change(index, { allowance: true });
        this.#fillAllowance(index);
      }
    }
  }

  recallAll(reclaim: 'now' | 'again'): void {
    for (const index of this.#serving) {
      if (this.#outstanding(index) <= 0n || this.#grantedNow(index)) continue;
      if (reclaim === 'again' && this.#at(index).sinceRecallMs < this.#policy.recallAgainMs) continue;
      this.#change(index, { allowance: false });
      this.#recall(index);
    }
  }

  recallIdle(): void {
    for (const index of this.#serving) {
      const { sinceUseMs, sinceRecallMs, devices } = this.#at(index);
      const kept = this.#row(index).allowance ? this.#allowance(index) : 0n;
      const idle = devices === 0 || (sinceUseMs >= this.#policy.holdingMs && !this.#grantedNow(index));
      const asked = sinceRecallMs < this.#policy.holdingMs;
      if (idle && !asked && !this.#row(index).wanting && this.#outstanding(index) > kept) this.#recall(index);
    }
  }

  recallForStarving(): void {
    const starving = this.#serving.some(
      (index) => this.#row(index).wanting && this.#at(index).reachable && !this.#pending(index),
    );
    if (!starving) return;
    const others = this.#serving.filter(
      (index) =>
        !this.#row(index).wanting &&
        this.#outstanding(index) > 0n &&
        (this.#recalledNow(index) ||
          (!this.#pending(index) && this.#at(index).sinceRecallMs >= this.#policy.recallAgainMs)),
    );
    const quiet = others.filter((index) => !this.#active(index));
    const held = quiet.reduce((sum, index) => sum + this.#outstanding(index), 0n);
    for (const index of held >= this.#policy.smallest ? quiet : others) {
      this.#change(index, { allowance: false });
      this.#recall(index);
    }
  }

  #grant(index: number, bytes: bigint): void {
    const before = claimedBytes(this.#row(index));
    this.#change(index, { granted: this.#row(index).granted + bytes });
    this.#free -= claimedBytes(this.#row(index)) - before;
  }

  #fillAllowance(index: number): void {
    const missing = this.#allowance(index) - this.#outstanding(index);
    if (missing > 0n && missing <= this.#room(index)) this.#grant(index, missing);
  }

  /** What may be granted there: no more than is free, and than a total can hold. */
  #room(index: number): bigint {
    const row = this.#row(index);
    return smaller(gateBytes(row, this.#free), maxBytes - row.granted);
  }

  #recall(index: number): void {
    if (this.#pending(index) || this.#outstanding(index) <= 0n) return;
    this.#change(index, { recall: this.#row(index).recall + 1 });
  }

  #pending(index: number): boolean {
    return this.#row(index).recallAnswered < this.#row(index).recall;
  }

  #grantedNow(index: number): boolean {
    return this.#row(index).granted > this.#at(index).row.granted;
  }

  #recalledNow(index: number): boolean {
    return this.#row(index).recall > this.#at(index).row.recall;
  }

  #active(index: number): boolean {
    return this.#row(index).wanting || this.#at(index).sinceUseMs < this.#policy.activeMs;
  }

  #allowance(index: number): bigint {
    return BigInt(this.#at(index).devices) * this.#policy.allowance;
  }

  #outstanding(index: number): bigint {
    return outstandingBytes(this.#row(index));
  }

  #at(index: number): Position {
    return this.#positions[index] as Position;
  }

  #row(index: number): LedgerRow {
    return this.rows[index] as LedgerRow;
  }

  #change(index: number, change: Partial<LedgerRow>): void {
    this.rows[index] = { ...this.#row(index), ...change };
  }
}
