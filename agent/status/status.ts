import type { Clock } from '../../common/clock.ts';
import type { AgentIdentity } from '../identity/identity.ts';
import type { JournalState } from '../journal/state.ts';
import type { Memory } from '../reconcile/memory.ts';
import type { Telemetry } from '../reconcile/telemetry.ts';
import type { ConnectionState } from '../south/connection.ts';

/** What `turnpike-agent status` shows. Bytes are strings of digits, as they may be larger than JSON's numbers. */
export interface AgentStatus {
  readonly running: boolean;
  readonly node: { readonly id: string; readonly name: string; readonly incarnation: number };
  readonly controller: {
    readonly address: string;
    readonly state: ConnectionState | 'unknown';
    /** A report waits for its acknowledgement. */
    readonly reportPending: boolean;
    /** RFC 3339: until then grants may be used without it. */
    readonly grantsValidUntil: string | undefined;
    /** It said that this node's identity is no longer valid: all devices are closed. */
    readonly refusesNode: boolean;
    /** Milliseconds by which this machine's wall clock is ahead of its clock; undefined: it was not heard since the start. */
    readonly clockAheadMs: number | undefined;
  };
  readonly desired: {
    readonly revision: string;
    readonly devices: number;
    readonly subscriptions: number;
    /** Not in force, each with its reason. */
    readonly refused: readonly { readonly id: string; readonly reason: string }[];
  };
  readonly gate: {
    readonly epochs: number;
    readonly uploadBytes: string;
    readonly downloadBytes: string;
    readonly writtenOffBytes: string;
  };
  /** Of the process that runs; undefined when none does. */
  readonly process:
    | {
        readonly inForce: boolean;
        readonly lastError: string | undefined;
        readonly peers: number;
        readonly connected: number;
        readonly driftRepaired: number;
        readonly lastRoundMs: number;
      }
    | undefined;
}

export interface RunningParts {
  readonly memory: Memory;
  readonly telemetry: Telemetry;
  readonly controller: ConnectionState;
  readonly clockAheadMs: number | undefined;
  readonly connected: number;
}

/** `running` undefined: from the journal alone. */
export function describeStatus(
  identity: AgentIdentity,
  state: Readonly<JournalState>,
  clock: Clock,
  running: RunningParts | undefined,
): AgentStatus {
  const { upload, download, writtenOff } = sumTotals(state);
  return {
    running: running !== undefined,
    node: { id: identity.nodeId, name: identity.nodeName, incarnation: identity.incarnation },
    controller: {
      address: identity.controllerAddress,
      state: running?.controller ?? 'unknown',
      reportPending: state.report !== undefined,
      grantsValidUntil: state.validUntil > clock.now() ? new Date(state.validUntil).toISOString() : undefined,
      refusesNode: state.refused,
      clockAheadMs: running?.clockAheadMs,
    },
    desired: {
      revision: String(state.revision),
      devices: state.devices.size,
      subscriptions: state.subscriptions.size,
      refused: [...(running?.memory.refused ?? [])].map(([id, reason]) => ({ id, reason })),
    },
    gate: {
      epochs: state.epochs,
      uploadBytes: String(upload),
      downloadBytes: String(download),
      writtenOffBytes: String(writtenOff),
    },
    process: running && {
      inForce: running.telemetry.inForce,
      lastError: running.telemetry.lastError,
      peers: running.memory.peers.size,
      connected: running.connected,
      driftRepaired: running.telemetry.driftRepaired,
      lastRoundMs: Math.round(running.telemetry.lastRoundMs),
    },
  };
}

/** Over the life of this incarnation, in bytes. */
export function sumTotals({ meters, accounts, past }: Readonly<JournalState>) {
  let { upload, download, writtenOff } = past;
  for (const meter of meters.values()) {
    upload += meter.upload;
    download += meter.download;
  }
  for (const account of accounts.values()) writtenOff += account.writtenOff;
  return { upload, download, writtenOff };
}
