/** What a row of the controller's says of one node; in units of the smallest grant. */
export interface RowFigures {
  readonly granted: number;
  readonly used: number;
  readonly writtenOff: number;
  readonly released: number;
  readonly recall: number;
  readonly recallAnswered: number;
}

/** What a node's journal says; units. */
export interface AccountFigures {
  readonly granted: number;
  readonly used: number;
  readonly armed: number;
  readonly writtenOff: number;
  readonly released: number;
  readonly recall: number;
}

/** What a node's kernel lets pass. `left`: of a quota, in units; 0 for all else. */
export interface KernelFigures {
  readonly pass: 'nothing' | 'quota' | 'allowance';
  readonly left: number;
}

/** All that the model prints of itself after a step, or the code's side of the same. */
export interface Figures {
  readonly rows: readonly RowFigures[];
  readonly unclaimed: number;
  readonly account: AccountFigures;
  readonly kernel: KernelFigures;
}

export interface ModelStep {
  readonly name: string;
  readonly node: number;
  readonly figures: Figures;
}

export interface Trace {
  /** In units. */
  readonly volume: number;
  /** So many times their sum must be free for allowances to be given and kept. */
  readonly ample: number;
  readonly steps: readonly ModelStep[];
}

const passes = ['nothing', 'quota', 'allowance'] as const;

/**
 * Reads the lines that begin with "@" of what spin prints while it plays docs/model/grants.pml; all others are left
 * out. `definitions`: as rows.txt writes them.
 *
 * @throws Error for a line that is not as the model prints them, and for output without any.
 */
export function parseTrace(definitions: string, printed: string): Trace {
  // Where spin stopped in mid-step, it broke off the line.
  const whole = printed.split('\n').filter((line) => /^\s*@.*\d$/.test(line));
  const steps = whole.map(parseStep);
  if (steps.length === 0) throw new Error('not one step was printed');
  return { volume: definition(definitions, 'VOLUME'), ample: definition(definitions, 'AMPLE', 1), steps };
}

function definition(definitions: string, name: string, otherwise?: number): number {
  const found = new RegExp(`-D${name}=(\\d+)`).exec(definitions)?.[1];
  if (found === undefined && otherwise === undefined) throw new Error(`-D${name} is not defined`);
  return found === undefined ? (otherwise as number) : Number(found);
}

function parseStep(line: string): ModelStep {
  const [head = '', rows = '', unclaimed = '', account = '', kernel = ''] = line.trim().split('|');
  const [, name = '', node] = head.trim().split(/\s+/);
  const [pass = -1, left = 0] = numbers(kernel);
  const kind = passes[pass];
  const all = numbers(rows);
  if (kind === undefined || all.length === 0 || all.length % 6 > 0) throw new Error(`not a step: ${line}`);
  const [granted = 0, used = 0, armed = 0, writtenOff = 0, released = 0, recall = 0] = numbers(account);
  return {
    name: name.replace(/_$/, ''),
    node: Number(node),
    figures: {
      rows: Array.from({ length: all.length / 6 }, (_, index) => rowOf(all.slice(6 * index, 6 * index + 6))),
      unclaimed: Number(unclaimed),
      account: { granted, used, armed, writtenOff, released, recall },
      kernel: { pass: kind, left: kind === 'quota' ? left : 0 },
    },
  };
}

function rowOf([
  granted = 0,
  used = 0,
  writtenOff = 0,
  released = 0,
  recall = 0,
  recallAnswered = 0,
]: readonly number[]) {
  return { granted, used, writtenOff, released, recall, recallAnswered };
}

function numbers(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}
