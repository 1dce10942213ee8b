/** How many datagrams may leave at once after the program had to wait for the processor: queues on the way are short. */
const burst = 12;

export interface Pace {
  readonly datagramsPerSecond: number;
  readonly sentInRun: number;
  readonly startedAt: number;
}

/** How many datagrams are due now. What was missed beyond a burst is not made up for: the start moves instead. */
export function due(pace: Pace, now: number): { count: number; pace: Pace } {
  const target = Math.floor(((now - pace.startedAt) / 1000) * pace.datagramsPerSecond);
  const missed = Math.max(0, target - pace.sentInRun - burst);
  const count = Math.max(0, target - pace.sentInRun - missed);
  return {
    count,
    pace: {
      ...pace,
      sentInRun: pace.sentInRun + count,
      startedAt: pace.startedAt + (missed / pace.datagramsPerSecond) * 1000,
    },
  };
}
