import type { Gate, GateReading } from '../gate/model.ts';
import type { Host } from '../host/host.ts';

export interface DownOptions {
  readonly host: Host;
  readonly gate: Gate;
  /** Keeps the last counters; the table goes only when it has. */
  readonly book: (reading: GateReading) => Promise<void>;
}

/**
 * `turnpike-agent down`: takes everything down that is ours. The interface goes first, so that nothing passes any more while
 * the counters are read for the last time. What it did before a failure need not be done again.
 * @returns lines to print
 */
export async function down({ host, gate, book }: DownOptions): Promise<readonly string[]> {
  const lines = [...(await host.remove())];
  const reading = await gate.read();
  if (reading !== undefined) {
    await book(reading);
    lines.push('book the last counters');
  }
  if ((await gate.epoch()) !== undefined) lines.push('delete the nftables table turnpike');
  await gate.remove();
  return lines;
}
