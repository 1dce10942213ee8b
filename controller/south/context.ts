import type { Clock } from '../../common/clock.ts';
import { heartbeatMs, silenceMs } from '../../common/grpc/liveness.ts';
import type { Logger } from '../../common/log.ts';
import type { Authorities } from '../identity/authorities.ts';
import type { CloneWatch } from './clones.ts';
import type { Demands } from './demands.ts';
import type { EarlierStates } from './earlier-states.ts';
import type { Endings } from './endings.ts';
import type { LiveStreams } from './live-streams.ts';
import type { MessageRate } from './message-rate.ts';
import type { Booking, DesiredState, IdentityStore, NodeRegister } from './ports.ts';
import type { SouthState } from './state.ts';

/** What every RPC may use. */
export interface SouthContext {
  readonly desired: DesiredState;
  readonly register: NodeRegister;
  readonly booking: Booking;
  readonly identities: IdentityStore;
  readonly authorities: Authorities;
  readonly clock: Clock;
  readonly log: Logger;
  readonly state: SouthState;
  readonly streams: LiveStreams;
  readonly clones: CloneWatch;
  readonly earlier: EarlierStates;
  readonly demands: Demands;
  readonly messages: MessageRate;
  readonly endings: Endings;
  readonly timing: SouthTiming;
  /** host:port of the nodes' listener as agents dial it. */
  readonly controllerAddress: () => string;
}

export interface SouthTiming {
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  /** A peer that reads nothing for so long is cut off. Long, because an agent applies a batch before it reads on. */
  readonly stallMs: number;
  /** Between the status that ends a stream and cutting off a peer that does not take it. */
  readonly endGraceMs: number;
  /** Streams end at this age, so that certificates are looked at again. */
  readonly streamAgeMs: number;
}

export const defaultTiming: SouthTiming = {
  heartbeatMs,
  silenceMs,
  stallMs: 300_000,
  endGraceMs: 500,
  streamAgeMs: 24 * 3600_000,
};
