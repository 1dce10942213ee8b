import { Client, credentials } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { keepaliveOptions } from '../../common/grpc/liveness.ts';
import type { Logger } from '../../common/log.ts';
import { controllerName } from '../../common/pki/names.ts';
import { type AgentIdentity, certificateLife, trustedBy } from '../identity/identity.ts';
import { trusting } from '../identity/tls.ts';
import type { Failure } from './failure.ts';

/** What the operator should know of the connection, for status and metrics. */
export type ConnectionState = 'starting' | 'connected' | 'unreachable' | 'refused' | 'revoked';

/** An HTTP/2 connection, or the attempt at one. */
export interface Channel {
  readonly client: Client;
  /** Aborts when the channel is given up: its streams must end. */
  readonly dropped: AbortSignal;
}

/** Makes a client of the controller that shows this identity; it connects when the first call is made. */
export type Dial = (identity: AgentIdentity) => Client;

/** The one channel to the controller that all streams share, dialled with the identity of the moment. */
export class ControllerConnection {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #dial: Dial;
  readonly #connectedListeners = new Set<() => void>();
  #identity: AgentIdentity;
  #channel: (Channel & { readonly drop: AbortController }) | undefined;
  #state: ConnectionState = 'starting';

  constructor(identity: AgentIdentity, clock: Clock, log: Logger, dial: Dial = dialOverTls) {
    this.#identity = identity;
    this.#clock = clock;
    this.#log = log;
    this.#dial = dial;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get identity(): AgentIdentity {
    return this.#identity;
  }

  /** By our clock the certificate is over: no nodes' listener would take it. */
  get hasEnded(): boolean {
    return this.#clock.now() > certificateLife(this.#identity).until;
  }

  /**
   * The channel; a new one when the last was dropped. Calls on it fail when no connection comes about.
   * @throws TurnpikeError `unavailable` while the node's certificate has ended: Sync has it renewed first
   */
  channel(): Channel {
    if (this.#channel) return this.#channel;
    if (this.hasEnded) throw new TurnpikeError('unavailable', "the node's certificate has ended");
    this.#log.debug({ controller: this.#identity.controllerAddress }, 'dialling');
    const client = this.#dial(this.#identity);
    const drop = new AbortController();
    this.#channel = { client, dropped: drop.signal, drop };
    return this.#channel;
  }

  /** This channel is no good any more: its streams end, and the next `channel()` dials anew. */
  drop(channel: Channel): void {
    if (this.#channel !== channel) return;
    const { client, drop } = this.#channel;
    this.#channel = undefined;
    drop.abort();
    client.close();
  }

  /** After a renewal: the next streams show the new certificate. */
  replaceIdentity(identity: AgentIdentity): void {
    this.#identity = identity;
    if (this.#channel) this.drop(this.#channel);
  }

  close(): void {
    if (this.#channel) this.drop(this.#channel);
  }

  /** The controller took our identity and answered. */
  connected(): void {
    if (this.#state === 'connected') return;
    this.#log.info({ node: this.#identity.nodeId }, 'connected to the controller');
    this.#state = 'connected';
    for (const listener of this.#connectedListeners) listener();
  }

  /** Says it once, however many attempts fail the same way. */
  failed({ kind, reason }: Failure): void {
    const before = this.#state;
    this.#state = kind === 'refused' || kind === 'revoked' ? kind : 'unreachable';
    // The reason may hold the controller's address.
    this.#log.debug({ kind, reason }, 'no stream to the controller');
    if (this.#state === before) return;
    if (kind === 'revoked') {
      this.#log.error(
        { reason },
        'the controller refuses this node: all devices are closed here. Join it again with a new token',
      );
    } else if (kind === 'refused') {
      this.#log.error(
        { reason },
        'the controller does not take this node; it serves on within what it was granted. Join it again with a new token',
      );
    } else {
      this.#log.warn('the controller is out of reach; serving on within what was granted');
    }
  }

  /** Waits, but no longer than until the Sync stream is back: then the way is open for others too. */
  async sleepUntilConnected(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#connectedListeners.add(wake);
    signal.addEventListener('abort', wake);
    if (!signal.aborted) await this.#clock.sleep(ms, woken.signal);
    signal.removeEventListener('abort', wake);
    this.#connectedListeners.delete(wake);
  }
}

function dialOverTls(identity: AgentIdentity): Client {
  return new Client(
    identity.controllerAddress,
    credentials.createFromSecureContext(trusting(trustedBy(identity), identity)),
    {
      ...keepaliveOptions,
      'grpc.ssl_target_name_override': controllerName,
      // Otherwise write() always says that there is room.
      'grpc.per_rpc_retry_buffer_size': 0,
      'grpc.enable_retries': 0,
      // Backoff is ours: a new channel starts without the memory of the last one.
      'grpc.use_local_subchannel_pool': 1,
    },
  );
}
