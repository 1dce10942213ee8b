import type { FaultTerms } from './faults.ts';
import type { Testimony } from './gate-witness.ts';

/** What one customer's round came to, in bytes of inner IP packets. Everything but the bill is measured outside the product. */
export interface CustomerFigures {
  readonly name: string;
  /** Since the round began: arrived at the traffic's own ends. */
  readonly arrived: bigint;
  /** Since the round began: at the nodes' gates, by a table beside them. Undefined when that was lost too. */
  readonly gates: Testimony | undefined;
  /** Since the round began. */
  readonly billed: bigint;
  readonly writtenOff: bigint;
  /** From the first round on. */
  readonly sold: bigint;
  readonly arrivedInAll: bigint;
  /** Sold, neither billed nor written off. */
  readonly left: bigint;
  /** At most this may be written off when counters are destroyed (docs/architecture.md). */
  readonly writeOffBound: bigint;
  /** He was to run dry in this round. */
  readonly runsDry: boolean;
}

export interface RoundFigures {
  readonly customers: readonly CustomerFigures[];
  /** Bytes of somebody who has nothing left to pass with. */
  readonly intruded: bigint;
  /** Of the customer who has plenty: the longest time that one of his flows was silent. */
  readonly silentMs: number;
  /** Of that, what the fault itself took: it stops all traffic as long as somebody keeps it up. */
  readonly heldMs: number;
  /** From the end of all traffic until the bills said all of it. */
  readonly bookedMs: number;
}

export const sum = (values: readonly bigint[]) => values.reduce((left, right) => left + right, 0n);
const above = (bytes: bigint, limit: bigint) => (bytes > limit ? bytes - limit : 0n);

/** What was accepted, by the witness that this fault leaves. */
export function accepted(figures: CustomerFigures, terms: FaultTerms): bigint {
  return terms.tunnel === 'struck' ? (figures.gates?.passed ?? figures.arrived) : figures.arrived;
}

export const overshoot = (figures: CustomerFigures) => above(figures.arrivedInAll, figures.sold);

/** What came to the gates and did not pass them. */
export const refused = ({ gates }: CustomerFigures) => (gates === undefined ? 0n : gates.came - gates.passed);

/** The promises that a round breaks, one line each; none when all is well. */
export function brokenPromises(figures: RoundFigures, terms: FaultTerms): string[] {
  const broken = figures.customers.flatMap((customer) => brokenFor(customer, terms));
  if (figures.intruded > 0n) broken.push(`${figures.intruded} bytes passed of somebody who has nothing left`);
  const recovered = figures.silentMs - figures.heldMs;
  if (recovered > terms.recoversWithinMs) {
    broken.push(`traffic stood still for ${recovered.toFixed(0)} ms, more than ${terms.recoversWithinMs}`);
  }
  return broken;
}

function brokenFor(customer: CustomerFigures, terms: FaultTerms): string[] {
  const { name, billed, writtenOff, gates, arrived, left, writeOffBound, sold } = customer;
  const broken: string[] = [];
  const passed = accepted(customer, terms);
  if (overshoot(customer) > 0n) broken.push(`${name}: ${overshoot(customer)} bytes beyond what was sold`);
  if (gates !== undefined && arrived > gates.passed) {
    broken.push(`${name}: ${arrived - gates.passed} bytes arrived that no gate let through`);
  }
  if (terms.traffic === 'undisturbed' && !customer.runsDry && refused(customer) > 0n) {
    broken.push(`${name}: ${refused(customer)} bytes were stopped at the gate, though he has plenty left`);
  }
  if (billed > passed) broken.push(`${name}: ${billed - passed} bytes were billed that were not accepted`);
  if (terms.counters === 'kept') {
    if (billed < passed) broken.push(`${name}: ${passed - billed} bytes were accepted and not billed`);
    if (writtenOff > 0n) broken.push(`${name}: ${writtenOff} bytes were written off`);
  } else {
    if (passed > billed + writtenOff) {
      broken.push(`${name}: ${passed - billed - writtenOff} bytes were neither billed nor written off`);
    }
    if (writtenOff > writeOffBound) {
      broken.push(`${name}: ${writtenOff} bytes were written off, the bound is ${writeOffBound}`);
    }
  }
  if (customer.runsDry && left * 100n >= sold) broken.push(`${name}: ${left} bytes are stranded`);
  return broken;
}
