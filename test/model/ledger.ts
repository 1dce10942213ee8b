import { allowancePerDevice } from '../../common/allowance.ts';
import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { bookReport } from '../../controller/ledger/book.ts';
import { planGrants } from '../../controller/ledger/plan.ts';
import { type GrantPolicy, grantPolicy } from '../../controller/ledger/policy.ts';
import { emptyRow, freeBytes, type LedgerRow } from '../../controller/ledger/row.ts';
import type { RowFigures } from './trace.ts';

/** The model's unit: what an idle device may pass, and the smallest grant. */
export const unit = allowancePerDevice;

interface Site {
  row: LedgerRow;
  /** No traffic lately; recalled lately. */
  stale: boolean;
  asked: boolean;
}

/** The controller's side of the model: its ledger's own code, over rows in memory. */
export class ModelLedger {
  readonly #volume: bigint;
  readonly #policy: GrantPolicy;
  readonly #sites: Site[];

  constructor({ volume, ample, nodes }: { volume: number; ample: number; nodes: number }) {
    this.#volume = BigInt(volume) * unit;
    const kept = BigInt(ample);
    this.#policy = {
      ...grantPolicy,
      ...{ smallest: unit, allowance: unit, allowancesKeptAt: kept, allowancesGivenAt: kept },
    };
    this.#sites = Array.from({ length: nodes }, () => ({ row: emptyRow, stale: false, asked: false }));
    this.decide();
  }

  row(node: number): LedgerRow {
    return this.#site(node).row;
  }

  book(node: number, { devices, subscriptions: [entry] }: ReportRequest): void {
    const site = this.#site(node);
    const { row } = site;
    const said = devices.reduce(
      (sum, { uploadBytes, downloadBytes }) => sum + uploadBytes + downloadBytes,
      0n,
    );
    const booked = bookReport(
      row,
      said,
      entry && {
        granted: entry.grantedBytes,
        writtenOff: entry.writtenOffBytes,
        released: entry.releasedBytes,
        recall: entry.recall,
        wanting: entry.wanting,
        // A grant for the shortest time is the smallest one.
        rate: 0n,
        over: entry.over,
      },
    );
    site.row = booked;
    this.decide({ node, grew: booked.used > row.used, answered: booked.recallAnswered > row.recallAnswered });
  }

  decide(reporter?: { readonly node: number; readonly grew: boolean; readonly answered: boolean }): void {
    const before = this.#sites.map(({ row }) => row);
    const after = planGrants(
      this.#policy,
      this.#volume,
      this.#sites.map(({ row, stale, asked }, node) => {
        const reports = node === reporter?.node;
        const used = reports && (row.wanting || reporter.grew);
        return {
          ...{ row, serving: true, reachable: true, devices: 1 },
          sinceUseMs: stale && !used ? Number.POSITIVE_INFINITY : 0,
          sinceRecallMs: asked ? 0 : Number.POSITIVE_INFINITY,
          renewAllowance: reports && reporter.answered,
        };
      }),
    );
    for (const [node, site] of this.#sites.entries()) {
      const old = before[node] as LedgerRow;
      site.row = after[node] as LedgerRow;
      const reports = node === reporter?.node;
      const wanted = old.wanting && (reports || site.row.granted > old.granted);
      if (wanted || (reports && reporter.grew)) site.stale = false;
      if (site.row.recall > old.recall) site.asked = true;
    }
  }

  /** Ten minutes without traffic or recalls. */
  pause(): void {
    for (const site of this.#sites) Object.assign(site, { stale: true, asked: false });
    this.decide();
  }

  /** The controller starts again: of traffic it remembers nothing. */
  restart(): void {
    for (const site of this.#sites) Object.assign(site, { stale: false, asked: false });
  }

  get unclaimed(): number {
    const rows = this.#sites.map(({ row }) => row);
    return inUnits(freeBytes(this.#volume, rows));
  }

  get figures(): RowFigures[] {
    return this.#sites.map(({ row }) => ({
      granted: inUnits(row.granted),
      used: inUnits(row.used),
      writtenOff: inUnits(row.writtenOff),
      released: inUnits(row.released),
      recall: row.recall,
      recallAnswered: row.recallAnswered,
    }));
  }

  #site(node: number): Site {
    const site = this.#sites[node];
    if (site === undefined) throw new Error(`no node ${node}`);
    return site;
  }
}

/** With a fraction, where bytes are not whole units: the model never has one. */
export function inUnits(bytes: bigint): number {
  return Number(bytes) / Number(unit);
}
