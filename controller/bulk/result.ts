import type { TurnpikeError } from '../../common/errors.ts';
import { RestrictedError } from '../catalogue/restricted.ts';
import type { Line } from './line.ts';

export type Outcome = 'created' | 'changed' | 'unchanged';

/** A field in which a list and the books differ, as text. */
export interface Difference {
  readonly field:
    | 'reference'
    | 'account'
    | 'tariff'
    | 'timeZone'
    | 'starts'
    | 'expires'
    | 'suspended'
    | 'label'
    | 'platform';
  readonly listed: string | null;
  readonly found: string | null;
}

/**
 * - `refused`: the line is wrong, or what it asks for cannot be.
 * - `missing`: listed, and not in the books (before).
 * - `different`: listed otherwise.
 * - `extra`: in the books, neither listed nor suspended or cancelled.
 */
export interface Finding {
  readonly kind: 'refused' | 'missing' | 'different' | 'extra';
  /** null: no line speaks of it. */
  readonly line: number | null;
  /** Reference (or id) of the subscription; of a device's line, its key. */
  readonly about: string | null;
  readonly differences: readonly Difference[];
  readonly error: TurnpikeError | null;
}

export type Counts = { [Name in Outcome]: number };

export interface BulkResult {
  /** Nothing was changed: the counts say what would be. */
  readonly dryRun: boolean;
  readonly lines: number;
  readonly subscriptions: Counts;
  readonly devices: Counts;
  readonly refused: number;
  /** Of a reconciliation. */
  readonly extra: number;
  readonly suspended: number;
  readonly findings: readonly Finding[];
  /** Findings beyond those. */
  readonly leftOut: number;
}

/** More are counted, not listed: who has so many looks at the first ones first. */
export const mostFindings = 10_000;

/** Counts what happens, while lines come. */
export class Tally {
  lines = 0;
  refused = 0;
  /** Of those that were refused: of accounts that are kept and not used. */
  restricted = 0;
  extra = 0;
  suspended = 0;
  readonly counts = {
    subscription: { created: 0, changed: 0, unchanged: 0 },
    device: { created: 0, changed: 0, unchanged: 0 },
  };
  readonly #findings: Finding[] = [];
  #found = 0;

  applied(line: Line, outcome: Outcome): void {
    this.lines += 1;
    this.counts[line.type][outcome] += 1;
  }

  refuse(number: number, line: Line | TurnpikeError, error: TurnpikeError): void {
    this.lines += 1;
    this.refused += 1;
    if (error instanceof RestrictedError) this.restricted += 1;
    const about = line instanceof Error ? null : nameOf(line);
    // Where it was thrown is of no use to anybody, and weighs ten times as much as what is told.
    error.stack = '';
    this.find({ kind: 'refused', line: number, about, differences: [], error });
  }

  find(finding: Finding): void {
    this.#found += 1;
    if (this.#findings.length < mostFindings) this.#findings.push(finding);
  }

  result(dryRun: boolean): BulkResult {
    const { lines, counts, refused, extra, suspended } = this;
    return {
      ...{ dryRun, lines, subscriptions: counts.subscription, devices: counts.device },
      ...{ refused, extra, suspended },
      findings: this.#findings,
      leftOut: this.#found - this.#findings.length,
    };
  }
}

export function nameOf(line: Line): string {
  return line.type === 'device' ? line.publicKey : (line.reference ?? line.id ?? '');
}
