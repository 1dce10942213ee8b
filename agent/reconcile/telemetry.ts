/** What the loop did, for status and metrics. Counts are since the start of the process. */
export interface Telemetry {
  rounds: number;
  /** Of the last round that did something, and of all. */
  lastRoundMs: number;
  readings: number;
  lastReadingMs: number;
  fullReconciles: number;
  driftRepaired: number;
  failures: number;
  consecutiveFailures: number;
  /** One line; undefined while all goes well. */
  lastError: string | undefined;
  /** The node is as it was last decided. */
  inForce: boolean;
  onRound: (seconds: number) => void;
}

export function newTelemetry(): Telemetry {
  return {
    rounds: 0,
    lastRoundMs: 0,
    readings: 0,
    lastReadingMs: 0,
    fullReconciles: 0,
    driftRepaired: 0,
    failures: 0,
    consecutiveFailures: 0,
    lastError: undefined,
    inForce: false,
    onRound: () => undefined,
  };
}
