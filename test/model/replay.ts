import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { memoryDirectory } from '../simulation/memory-directory.ts';
import { ModelLedger } from './ledger.ts';
import { ModelNode, type Told } from './node.ts';
import type { Figures, ModelStep, Trace } from './trace.ts';

/** Where the code does otherwise than the model; the code's figures are missing where it could not do the step. */
export interface Difference {
  /** Index in the trace. */
  readonly at: number;
  readonly step: ModelStep;
  readonly code: Figures | undefined;
  readonly reason: string;
}

/** Plays a trace on the code. Undefined when code and model agree after each step. */
export async function replay(trace: Trace): Promise<Difference | undefined> {
  const directory = mkdtempSync(join(memoryDirectory(), 'turnpike-model-'));
  const fleet = await Fleet.begin(trace, directory);
  try {
    for (const [at, step] of trace.steps.entries()) {
      let code: Figures | undefined;
      try {
        // The first step is the beginning itself.
        if (at > 0) await fleet.play(step);
        code = await fleet.figures(step.node);
      } catch (error) {
        return { at, step, code, reason: `${(error as Error).stack}` };
      }
      if (!isDeepStrictEqual(code, step.figures)) return { at, step, code, reason: 'other figures' };
    }
    return undefined;
  } finally {
    fleet.end();
    rmSync(directory, { recursive: true });
  }
}

/** A difference, with the steps that led to it. */
export function describeDifference({ steps }: Trace, { at, step, code, reason }: Difference): string {
  const before = steps.slice(0, at + 1).map(({ name, node }) => `${name} ${node}`);
  return [
    `after ${at} steps: ${before.join(', ')}`,
    `model ${JSON.stringify(step.figures)}`,
    `code  ${code === undefined ? reason : JSON.stringify(code)}`,
  ].join('\n');
}

class Fleet {
  readonly #ledger: ModelLedger;
  readonly #nodes: readonly ModelNode[];
  /** Of each node, what was said to it and what it reported before: these may come late. */
  readonly #kept: (Told | undefined)[] = [];
  readonly #reports: { readonly now: ReportRequest; readonly before: ReportRequest | undefined }[] = [];

  private constructor(ledger: ModelLedger, nodes: readonly ModelNode[]) {
    this.#ledger = ledger;
    this.#nodes = nodes;
  }

  static async begin({ volume, ample, steps: [first] }: Trace, directory: string): Promise<Fleet> {
    const count = first?.figures.rows.length ?? 0;
    const ledger = new ModelLedger({ volume, ample, nodes: count });
    const nodes: ModelNode[] = [];
    for (let n = 0; n < count; n += 1) {
      nodes.push(await ModelNode.begin(join(directory, `${n}`), told(ledger, n)));
    }
    return new Fleet(ledger, nodes);
  }

  async play({ name, node: n }: ModelStep): Promise<void> {
    const ledger = this.#ledger;
    const node = this.#nodes[n];
    if (node === undefined) throw new Error(`no node ${n}`);
    switch (name) {
      case 'use':
        return node.use();
      case 'beat':
        return await node.beat();
      case 'apply':
        return await node.apply();
      case 'say':
        return await node.say(told(ledger, n));
      case 'book':
        return ledger.book(n, node.report());
      case 'keep':
        this.#kept[n] = told(ledger, n);
        return;
      case 'stale':
        return await node.say(known(this.#kept[n]));
      case 'late':
        return ledger.book(n, known(this.#reports[n]?.before));
      case 'ack':
        return await node.acknowledge();
      case 'knock':
        return await node.knock();
      case 'calm':
        return await node.calm();
      case 'rest':
        return await node.rest();
      case 'expire':
        return await node.expire();
      case 'crash':
        return node.crash();
      case 'power':
        return node.losePower();
      case 'start':
        return await node.start();
      case 'sweep':
        return ledger.decide();
      case 'pause':
        return ledger.pause();
      case 'restart':
        return ledger.restart();
      default:
        throw new Error(`the code has no step "${name}"`);
    }
  }

  /** A report that is new: the one before it may still be on its way. */
  #follow(): void {
    for (const [n, node] of this.#nodes.entries()) {
      const report = node.pending();
      const now = this.#reports[n]?.now;
      if (report && report.number !== now?.number) this.#reports[n] = { now: report, before: now };
    }
  }

  async figures(node: number): Promise<Figures> {
    this.#follow();
    const { account, kernel } = (await this.#nodes[node]?.figures()) ?? {};
    if (account === undefined || kernel === undefined) throw new Error(`no node ${node}`);
    return { rows: this.#ledger.figures, unclaimed: this.#ledger.unclaimed, account, kernel };
  }

  end(): void {
    for (const node of this.#nodes) node.end();
  }
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('there is no such message');
  return value;
}

function told(ledger: ModelLedger, node: number): Told {
  const { granted, recall, allowance } = ledger.row(node);
  return { granted, recall, allowance };
}
