/** What goes over the channel between a bench and its fleets: JSON values. */
export type Order =
  | { readonly kind: 'join'; readonly folder: string; readonly tickets: readonly Ticket[] }
  /** Every member has so many bytes more to report of this device. */
  | { readonly kind: 'use'; readonly deviceId: string; readonly bytes: number }
  | { readonly kind: 'look' };

export interface Ticket {
  /** HOST:PORT to dial for enrolment; each admits some thirty callers at once. */
  readonly enrolment: string;
  readonly token: string;
  readonly pin: string;
}

export type Answer =
  | { readonly kind: 'joined' }
  | { readonly kind: 'seen'; readonly members: readonly Seen[] };

/** Times are the machine's monotonic milliseconds; 0 for never. */
export interface Seen {
  /** The streams to the controller are up. */
  readonly connected: boolean;
  /** Everything that the controller wants was last heard to its end. */
  readonly caughtUpAt: number;
  /** When there was last something to report, … */
  readonly reportedAt: number;
  /** … and when that was booked. */
  readonly acknowledgedAt: number;
  /** No report is under way. */
  readonly atRest: boolean;
}
