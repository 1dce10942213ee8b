import type { Retention } from '../../common/inventory/retention.ts';

/** Counters since this controller started, for /metrics. */
export type BooksFigures = Readonly<Figures>;

export interface Figures {
  reportsBooked: number;
  /** Reports that were booked already. */
  reportsRepeated: number;
  bookedBytes: bigint;
  /** Entries of reports that named a device or subscription which that node does not serve. */
  strangeEntries: number;
  grantsIssued: number;
  grantedBytes: bigint;
  recalls: number;
  quarantines: number;
  /** By category: what was kept for its time. */
  forgotten: { -readonly [Category in keyof Retention]: number };
}

export function newFigures(): Figures {
  return {
    reportsBooked: 0,
    reportsRepeated: 0,
    bookedBytes: 0n,
    strangeEntries: 0,
    grantsIssued: 0,
    grantedBytes: 0n,
    recalls: 0,
    quarantines: 0,
    forgotten: { 'daily-usage': 0, 'last-connection': 0, audit: 0 },
  };
}
