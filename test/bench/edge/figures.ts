import Table from 'cli-table3';
import { grouped } from '../../demo/figures.ts';
import type { Journey } from './journey.ts';
import { type Holding, holdings, type Phase, phases } from './visit.ts';

export interface EdgeFigures {
  readonly soldBytes: bigint;
  /** Measured where the packets arrive. */
  readonly acceptedBytes: bigint;
  readonly billedBytes: bigint;
  readonly rows: readonly DelayRow[];
}

/** First packets of devices that came to nodes where this was held for them; milliseconds. */
export interface DelayRow {
  readonly nodes: string;
  readonly phase: Phase;
  readonly holding: Holding;
  readonly arrivals: number;
  readonly unanswered: number;
  readonly p50: number;
  readonly p95: number;
  readonly most: number;
}

/** The smallest value that so large a part of them (0 to 1) does not exceed; NaN of nothing. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

export function delayRows(journeys: readonly Journey[]): DelayRow[] {
  const all = journeys.flatMap(({ traveller, arrivals }) =>
    arrivals.map((arrival) => ({ ...arrival, nodes: traveller.name })),
  );
  const names = [...new Set(journeys.map(({ traveller }) => traveller.name))];
  const kinds = names.flatMap((nodes) =>
    phases.flatMap((phase) => holdings.map((holding) => ({ nodes, phase, holding }))),
  );
  return kinds.flatMap((kind) => {
    const arrivals = all.filter(
      ({ nodes, phase, holding }) => nodes === kind.nodes && phase === kind.phase && holding === kind.holding,
    );
    if (arrivals.length === 0) return [];
    const delays = arrivals.flatMap(({ delayMs }) => delayMs ?? []);
    const unanswered = arrivals.length - delays.length;
    const at = (part: number) => percentile(delays, part);
    return [{ ...kind, arrivals: arrivals.length, unanswered, p50: at(0.5), p95: at(0.95), most: at(1) }];
  });
}

const above = (bytes: bigint, limit: bigint) => (bytes > limit ? bytes - limit : 0n);

/** What must not be, one line each. */
export function brokenPromises({ soldBytes, acceptedBytes, billedBytes }: EdgeFigures): string[] {
  const broken: string[] = [];
  const overshoot = above(acceptedBytes, soldBytes);
  if (overshoot > 0n) broken.push(`${overshoot} bytes more were let through than were sold`);
  if (billedBytes !== acceptedBytes) broken.push(`billed ${billedBytes}, but accepted ${acceptedBytes}`);
  const stranded = above(soldBytes, acceptedBytes);
  if (stranded * 100n >= soldBytes) broken.push(`${stranded} bytes are stranded: 1 % of the volume or more`);
  return broken;
}

export function render(figures: EdgeFigures): string {
  const { soldBytes, acceptedBytes, billedBytes } = figures;
  const plain = { head: [], border: [] };
  const volume = new Table({ style: plain, head: ['', 'bytes'], colAligns: ['left', 'right'] });
  const rows: [string, bigint][] = [
    ['sold', soldBytes],
    ['accepted', acceptedBytes],
    ['billed', billedBytes],
    ['overshoot', above(acceptedBytes, soldBytes)],
    ['stranded', above(soldBytes, acceptedBytes)],
  ];
  for (const [what, bytes] of rows) volume.push([what, grouped(bytes)]);
  const delays = new Table({
    style: plain,
    head: ['nodes', 'volume', 'held on arrival', 'arrivals', 'never passed', 'p50 ms', 'p95 ms', 'most ms'],
  });
  const ms = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(0));
  for (const { nodes, phase, holding, arrivals, unanswered, p50, p95, most } of figures.rows) {
    delays.push([nodes, phase, holding, arrivals, unanswered, ms(p50), ms(p95), ms(most)]);
  }
  return `${volume.toString()}\n${delays.toString()}\n`;
}

/** For `--json`. */
export function toJson(figures: EdgeFigures): string {
  const number = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  return `${JSON.stringify(figures, number, 2)}\n`;
}
