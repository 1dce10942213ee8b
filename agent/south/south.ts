import type { Clock } from '../../common/clock.ts';
import { heartbeatMs, silenceMs } from '../../common/grpc/liveness.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import type { AgentIdentity } from '../identity/identity.ts';
import { Backoff } from './backoff.ts';
import { type Channel, type ConnectionState, ControllerConnection, type Dial } from './connection.ts';
import { classifyFailure, type Failure } from './failure.ts';
import type { DesiredSink, IdentityStore, NodeFacts, PresenceSender, ReportSource } from './ports.ts';
import { PresenceOutbox } from './presence-outbox.ts';
import { recover } from './renew.ts';
import { Renewal } from './renewal.ts';
import { ReportClient } from './report-client.ts';
import { DigestMismatch, SyncClient } from './sync-client.ts';

interface SouthTiming {
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  readonly acknowledgeMs: number;
  readonly renewalRetryMs: number;
  readonly renewalSpreadMs: number;
}

const defaultTiming: SouthTiming = {
  heartbeatMs,
  silenceMs,
  acknowledgeMs: 30_000,
  renewalRetryMs: 300_000,
  renewalSpreadMs: 60_000,
};

export interface SouthOptions {
  readonly identity: AgentIdentity;
  readonly identityStore: IdentityStore;
  readonly sink: DesiredSink;
  readonly reports: ReportSource;
  /** Asked at each Hello. */
  readonly facts: () => Promise<NodeFacts>;
  readonly clock: Clock;
  readonly log: Logger;
  /** As Math.random. */
  readonly random: () => number;
  readonly timing?: Partial<SouthTiming>;
  /** Over TLS, unless given. */
  readonly dial?: Dial;
}

export interface South {
  readonly tasks: readonly Task[];
  readonly presence: PresenceSender;
  state(): ConnectionState;
}

/** The agent's side of the connection to the controller: Sync, reports and renewal, as tasks over one channel. */
export function createSouth(options: SouthOptions): South {
  const { clock, log, random } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const connection = new ControllerConnection(options.identity, clock, log, options.dial);
  const presence = new PresenceOutbox();
  const renewal = new Renewal({
    ...{ connection, store: options.identityStore, clock, log, random },
    ...{ retryMs: timing.renewalRetryMs, spreadMs: timing.renewalSpreadMs },
  });
  return {
    presence,
    state: () => connection.state,
    tasks: [
      syncTask(options, timing, connection, presence, renewal),
      reportTask(options, timing, connection),
      renewal,
    ],
  };
}

function syncTask(
  { sink, facts, identityStore: store, clock, log, random }: SouthOptions,
  timing: SouthTiming,
  connection: ControllerConnection,
  presence: PresenceOutbox,
  renewal: Renewal,
): Task {
  const backoff = new Backoff(random);
  const onConnected = () => {
    backoff.reset();
    connection.connected();
  };
  const onAuthorities = (digest: Uint8Array) => renewal.authorities(digest);
  const client = new SyncClient({ sink, facts, presence, clock, log, timing, onConnected, onAuthorities });
  const recoverFirst = async () => {
    if (!connection.hasEnded) return;
    await recover({ connection, store, clock });
    log.info('the certificate had ended, and was renewed');
  };
  return {
    name: 'sync with the controller',
    async run(signal, ready) {
      ready();
      while (!signal.aborted) {
        const failure = await attempt(connection, (channel) => client.run(channel, signal), recoverFirst);
        if (signal.aborted || failure === 'again') continue;
        connection.failed(failure);
        // Only Sync says so: what is heard on it says the contrary, and the two come in order.
        if (failure.kind === 'revoked') sink.refused();
        if (failure.kind === 'failed') log.error({ reason: failure.reason }, 'the sync stream failed');
        const wait = isRefusal(failure) ? backoff.refused() : backoff.next(clock.monotonic());
        await clock.sleep(wait, signal);
      }
      connection.close();
    },
  };
}

function reportTask(
  { reports, clock, log, random }: SouthOptions,
  timing: SouthTiming,
  connection: ControllerConnection,
): Task {
  const backoff = new Backoff(random);
  const client = new ReportClient({
    source: reports,
    clock,
    acknowledgeMs: timing.acknowledgeMs,
    onAcknowledged: () => backoff.reset(),
  });
  return {
    name: 'reports to the controller',
    async run(signal, ready) {
      ready();
      while (!signal.aborted) {
        await client.pending(signal);
        if (signal.aborted) break;
        const failure = await attempt(connection, (channel) => client.run(channel, signal));
        if (signal.aborted || failure === 'again') continue;
        if (failure.kind === 'failed') log.error({ reason: failure.reason }, 'a report could not be booked');
        if (isRefusal(failure)) {
          log.error({ reason: failure.reason }, 'the controller refuses the reports of this node');
          await clock.sleep(backoff.refused(), signal);
        } else {
          await connection.sleepUntilConnected(backoff.next(clock.monotonic()), signal);
        }
      }
    },
  };
}

function isRefusal({ kind }: Failure): boolean {
  return kind === 'refused' || kind === 'revoked';
}

/**
 * One stream. Resolves when it is over: with why, or `again` when it is to be opened anew at once (everything is to be
 * sent again, or the certificate was renewed).
 */
async function attempt(
  connection: ControllerConnection,
  run: (channel: Channel) => Promise<void>,
  prepare = async (): Promise<void> => undefined,
): Promise<Failure | 'again'> {
  let { identity } = connection;
  let channel: Channel | undefined;
  try {
    await prepare();
    identity = connection.identity;
    channel = connection.channel();
    await run(channel);
    return 'again';
  } catch (error) {
    if (error instanceof DigestMismatch || connection.identity !== identity) return 'again';
    const failure = classifyFailure(error);
    if (channel && failure.kind === 'lost') connection.drop(channel);
    return failure;
  }
}
