import { greater } from '../../agent/grants/figures.ts';
import type { Outcome } from './run.ts';
import { themes } from './steps.ts';

/** A line for each class of faults: the worst of all its runs. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const header = ['faults', 'runs', 'broken', 'accepted − billed', 'overshoot', 'stranded', 'written off'];
  const lines = themes.flatMap((theme) => {
    const runs = outcomes.filter(({ plan }) => plan.theme === theme);
    if (runs.length === 0) return [];
    const most = (figure: (outcome: Outcome) => bigint) => runs.map(figure).reduce(greater, 0n);
    return [
      [
        ...[theme, String(runs.length), String(runs.filter(({ broken }) => broken !== undefined).length)],
        ...[most(({ acceptedMinusBilled }) => acceptedMinusBilled), most(({ overshoot }) => overshoot)].map(
          String,
        ),
        ...[most(({ stranded }) => stranded), most(({ writtenOff }) => writtenOff)].map(String),
      ],
    ];
  });
  const widths = header.map((_, n) => Math.max(...[header, ...lines].map((line) => (line[n] ?? '').length)));
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
