import type { NodeIdentity } from './ports.ts';

/** What has happened on the nodes' side since the start, for /metrics. */
export interface SouthCounters {
  reportsBooked: number;
  reportsRefused: number;
  enrolmentsAccepted: number;
  enrolmentsRefused: number;
  certificatesRenewed: number;
  /** Streams that were not taken: no valid identity. */
  streamsRefused: number;
}

/** A node with a Sync stream. */
export interface ConnectedNode {
  readonly identity: NodeIdentity;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly agentVersion: string;
  readonly wireguardDriver: string;
  /** The last revision that was sent to it, and that it has in force. */
  sentRevision: bigint;
  appliedRevision: bigint;
}

/** Who is connected, and counters. Filled by the streams, read by /metrics and the status page; nothing is stored. */
export class SouthState {
  readonly counters: SouthCounters = {
    reportsBooked: 0,
    reportsRefused: 0,
    enrolmentsAccepted: 0,
    enrolmentsRefused: 0,
    certificatesRenewed: 0,
    streamsRefused: 0,
  };
  /** Open TCP connections. */
  readonly connections = { nodes: 0, enrolment: 0 };
  /** Open streams of either kind. */
  readonly streams = { sync: 0, usage: 0 };
  /** By node id. */
  readonly connected = new Map<string, ConnectedNode>();
  /** Ports that are listened on, once they are. */
  readonly ports: { nodes: number | undefined; enrolment: number | undefined } = {
    nodes: undefined,
    enrolment: undefined,
  };
}
