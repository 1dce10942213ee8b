/** What goes over the channel between the lab and its traffic programs: JSON values. */
export type Order =
  /** Clients: a socket of its own for this flow, towards the server. */
  | { readonly kind: 'open'; readonly flow: number; readonly address: string; readonly port: number }
  /** Sends one datagram: opens the way back through the node's address translation. */
  | { readonly kind: 'knock'; readonly flow: number; readonly payloadBytes: number }
  | {
      readonly kind: 'send';
      readonly flow: number;
      readonly payloadBytes: number;
      readonly datagramsPerSecond: number;
    }
  | { readonly kind: 'rest'; readonly flow: number }
  /** From now on the longest silences count. */
  | { readonly kind: 'mark' }
  | { readonly kind: 'snapshot'; readonly request: number };

export type Answer =
  | { readonly kind: 'serving'; readonly port: number }
  | { readonly kind: 'snapshot'; readonly request: number; readonly flows: readonly FlowFigures[] };

/** One flow as one end sees it. Payload bytes: without IP and UDP headers. */
export interface FlowFigures {
  readonly flow: number;
  readonly sentDatagrams: number;
  readonly sentBytes: number;
  readonly receivedDatagrams: number;
  readonly receivedBytes: number;
  /** When the last datagram came in: milliseconds on the machine's monotonic clock; 0 for never. */
  readonly lastReceivedAt: number;
  /** The longest time between two datagrams that came in since the mark; the first counts from the mark. */
  readonly longestSilenceMs: number;
}

/** Each datagram begins with its flow's number (uint32, big endian); the rest is filling. */
export const headerBytes = 4;

/** The machine's monotonic clock in milliseconds: the same in every process of it. */
export const machineMilliseconds = () => Number(process.hrtime.bigint() / 1000n) / 1000;
