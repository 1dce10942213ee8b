import Table from 'cli-table3';
import { grouped } from '../demo/figures.ts';
import { type FaultName, faults } from './faults.ts';
import { accepted, overshoot, type RoundFigures, refused, sum } from './figures.ts';

/** One round's outcome, as it is kept and shown. Bytes over the customers who bought something; NaN where it broke off. */
export interface Outcome {
  readonly number: number;
  readonly fault: FaultName;
  readonly billedMinusAccepted: number;
  readonly writtenOff: number;
  readonly overshoot: number;
  readonly stranded: number;
  /** At the gates, of the customer who has plenty. */
  readonly stopped: number;
  readonly recoveryMs: number;
  readonly bookedMs: number;
  readonly broken: readonly string[];
}

export function outcomeOf(
  number: number,
  fault: FaultName,
  figures: RoundFigures,
  broken: readonly string[],
): Outcome {
  const { customers } = figures;
  const terms = faults[fault];
  const differences = customers.map((one) => one.billed - accepted(one, terms));
  const worst = differences.reduce((left, right) => (abs(right) > abs(left) ? right : left), 0n);
  return {
    number,
    fault,
    billedMinusAccepted: Number(worst),
    writtenOff: Number(sum(customers.map((one) => one.writtenOff))),
    overshoot: Number(sum(customers.map(overshoot))),
    stranded: Number(sum(customers.filter((one) => one.runsDry).map((one) => one.left))),
    stopped: Number(sum(customers.filter((one) => !one.runsDry).map(refused))),
    recoveryMs: Math.round(Math.max(0, figures.silentMs - figures.heldMs)),
    bookedMs: Math.round(figures.bookedMs),
    broken,
  };
}

const abs = (value: bigint) => (value < 0n ? -value : value);

export function renderTable(outcomes: readonly Outcome[]): string {
  const table = new Table({
    style: { head: [], border: [] },
    head: [
      'fault',
      'rounds',
      'billed − accepted',
      'written off',
      'overshoot',
      'stranded',
      'stopped at the gate',
      'still for ms',
      'booked after ms',
      'broken',
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const fault of new Set(outcomes.map((outcome) => outcome.fault))) {
    const rounds = outcomes.filter((outcome) => outcome.fault === fault);
    const of = (figure: (outcome: Outcome) => number) => medianAndWorst(rounds.map(figure));
    table.push([
      fault,
      rounds.length,
      of((one) => one.billedMinusAccepted),
      of((one) => one.writtenOff),
      of((one) => one.overshoot),
      of((one) => one.stranded),
      of((one) => one.stopped),
      of((one) => one.recoveryMs),
      of((one) => one.bookedMs),
      rounds.filter((one) => one.broken.length > 0).length,
    ]);
  }
  return `median / worst; bytes unless said otherwise\n${table.toString()}\n`;
}

/** The worst is the one farthest from zero. */
export function medianAndWorst(values: readonly number[]): string {
  const sorted = [...values].sort((left, right) => left - right);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const worst = sorted.reduce((left, right) => (Math.abs(right) > Math.abs(left) ? right : left), 0);
  return `${grouped(BigInt(median))} / ${grouped(BigInt(worst))}`;
}
