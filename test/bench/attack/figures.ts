import Table from 'cli-table3';
import type { Reports } from './honest-node.ts';
import type { Answers } from './protocol.ts';

/** What one attack cost, and what others noticed of it. */
export interface Row {
  readonly attack: string;
  /** Of the controller, MB: before, at most, and some time after. */
  readonly memory: { readonly before: number; readonly worst: number; readonly after: number };
  /** How much of one processor it had meanwhile; 1 is all of it. */
  readonly processor: number;
  /** By door. */
  readonly answers: Readonly<Record<string, Answers>>;
  readonly reports: Reports;
  /** How often the controller ended the honest node's streams. */
  readonly thrownOut: number;
  /** Until a new node had joined, ms; undefined: it did not. */
  readonly joinedMs: number | undefined;
  readonly changes: number;
  readonly did: Readonly<Record<string, number>>;
}

/**
 * More than an attack may take of memory, MB. Ordinary work takes two thirds of it: a list that changes ten thousand devices
 * of a group of 200 nodes leaves some 200 MB of garbage, which V8 collects late; so do 4,000 strangers, for whom the limits of
 * listener-limits.ts have room, with some 40 KB each. What is kept for somebody who reads nothing would be beyond it.
 */
export const mostGrowthMb = 320;
/** And of this so much may be left some time after: V8 gives back little of a heap before it is needed elsewhere. */
export const mostLeftMb = 320;

/** What must not be, one line each. */
export function brokenPromises(rows: readonly Row[], used: number, billed: number): string[] {
  const broken: string[] = [];
  for (const { attack, memory, reports, thrownOut, joinedMs, answers } of rows) {
    const growth = memory.worst - memory.before;
    if (growth > mostGrowthMb) broken.push(`${attack}: memory grew by ${growth.toFixed(0)} MB`);
    const left = memory.after - memory.before;
    if (left > mostLeftMb) broken.push(`${attack}: ${left.toFixed(0)} MB are left in memory`);
    if (thrownOut > 0) broken.push(`${attack}: the honest node was thrown out ${thrownOut} times`);
    if (reports.unconnected > 0) broken.push(`${attack}: the honest node was without a stream`);
    if (reports.made === 0) broken.push(`${attack}: no report was acknowledged`);
    if (joinedMs === undefined) broken.push(`${attack}: no node could join`);
    for (const [door, { asked, unanswered }] of Object.entries(answers)) {
      if (unanswered > 0)
        broken.push(`${attack}: ${door} left ${unanswered} of ${asked} questions unanswered`);
    }
  }
  if (used !== billed) broken.push(`used ${used} bytes, billed ${billed}`);
  return broken;
}

export function renderRows(rows: readonly Row[]): string {
  const quiet = rows[0];
  const table = new Table({
    style: { head: [], border: [] },
    head: [
      'attack',
      'MB before / worst / after',
      'processor',
      'API p50 / most ms',
      'as ratio',
      'report most ms',
      'connected',
      'joins ms',
    ],
  });
  for (const row of rows) {
    const { before, worst, after } = row.memory;
    const api = row.answers['socket'];
    const was = quiet?.answers['socket'];
    const ms = (value = Number.NaN) => value.toFixed(value < 10 ? 1 : 0);
    const ratio = (now = Number.NaN, then = Number.NaN) => (now / then).toFixed(1);
    table.push([
      row.attack,
      [before, worst, after].map((value) => value.toFixed(0)).join(' / '),
      row.processor.toFixed(2),
      `${ms(api?.p50)} / ${ms(api?.most)}`,
      `${ratio(api?.p50, was?.p50)} / ${ratio(api?.most, was?.most)}`,
      ms(row.reports.most),
      row.thrownOut === 0 && row.reports.unconnected === 0 ? 'yes' : 'no',
      row.joinedMs === undefined ? 'not' : row.joinedMs.toFixed(0),
    ]);
  }
  return table.toString();
}

/** What was done, and what other doors answered, one line an attack. */
export function renderDeeds(rows: readonly Row[]): string {
  return rows
    .map(({ attack, did, changes, answers }) => {
      const deeds = Object.entries(did).map(([what, times]) => `${what} ${Math.round(times)}`);
      const others = Object.entries(answers)
        .filter(([door]) => door !== 'socket')
        .map(([door, { p50, most }]) => `${door} ${p50.toFixed(0)} / ${most.toFixed(0)} ms`);
      return `${attack}: ${[...deeds, ...(changes > 0 ? [`changes ${changes}`] : []), ...others].join(', ')}`;
    })
    .join('\n');
}
