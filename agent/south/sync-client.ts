import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import {
  AppliedSchema,
  type CaughtUp,
  ErasedSchema,
  HeartbeatSchema,
  HelloSchema,
  type SyncRequest,
  SyncRequestSchema,
  type SyncResponse,
  SyncService,
} from '../../common/gen/turnpike/v1/sync_pb.ts';
import { repeat, watchSilence } from '../../common/grpc/liveness.ts';
import { methodDefinition } from '../../common/grpc/service.ts';
import type { Logger } from '../../common/log.ts';
import type { NodeSettings } from '../desired/state.ts';
import { Batch } from './batch.ts';
import { type ClientStream, runClientStream } from './client-stream.ts';
import type { Channel } from './connection.ts';
import type { DesiredSink, NodeFacts } from './ports.ts';
import type { PresenceOutbox } from './presence-outbox.ts';
import { parseRevision, parseSettings, parseTime } from './wire.ts';

const method = methodDefinition(SyncService.method.sync);
/** When everything was sent anew and the digest still differs: how long until it is asked for again, doubled each time. */
const resendPauseMs = { first: 5_000, most: 600_000 } as const;

export interface SyncOptions {
  readonly sink: DesiredSink;
  readonly facts: () => Promise<NodeFacts>;
  readonly presence: PresenceOutbox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing: { readonly heartbeatMs: number; readonly silenceMs: number };
  /** The controller took our identity and answered. */
  readonly onConnected: () => void;
  /** The controller says which CAs the fleet has. */
  readonly onAuthorities: (digest: Uint8Array) => void;
}

/** What we hold is not what the controller says that we hold: everything must come anew, on a new stream. */
export class DigestMismatch extends Error {}

/** SyncService.Sync, from the node's side. */
export class SyncClient {
  readonly #options: SyncOptions;
  readonly #instance = randomBytes(16);
  #fromScratch = false;
  /** Everything was sent anew, and no digest over it came yet. */
  #anew = false;
  /** What is held here is known to differ; then it is asked for again. */
  #resendAt = Number.POSITIVE_INFINITY;
  #resendPauseMs: number = resendPauseMs.first;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** One stream, from Hello to its end. @throws why it ended */
  run(channel: Channel, signal: AbortSignal): Promise<void> {
    return runClientStream(channel, method, signal, (stream) => this.#serve(stream));
  }

  async #serve(stream: ClientStream<SyncRequest, SyncResponse>): Promise<void> {
    const { clock, sink, timing, presence, facts, onConnected, onAuthorities } = this.#options;
    const silence = watchSilence(clock, timing.silenceMs, () =>
      stream.fail(new TurnpikeError('unavailable', 'nothing was heard of the controller')),
    );
    const heartbeat = repeat(clock, timing.heartbeatMs, () =>
      stream.sendIfIdle(request({ case: 'heartbeat', value: create(HeartbeatSchema) })),
    );
    const from = this.#fromScratch ? 0n : sink.revision();
    let asked: bigint | undefined = from;
    let batch = new Batch();
    let settings: NodeSettings | undefined;
    let timed = false;
    let upToDate = false;
    let sendingPresence: Promise<void> | undefined;
    try {
      await stream.send(
        request({
          case: 'hello',
          value: create(HelloSchema, { ...(await facts()), revision: from, instance: this.#instance }),
        }),
      );
      await stream.read(async ({ message }) => {
        sink.heard(upToDate);
        if (!sendingPresence) {
          onConnected();
          sendingPresence = presence.run(stream).catch((error) => stream.fail(error));
        }
        // Applying takes its time, and meanwhile nothing is read.
        silence.pause();
        switch (message.case) {
          case 'settings':
            settings = parseSettings(message.value);
            sink.settings(settings);
            break;
          case 'delta':
            if (!settings) throw new TurnpikeError('invalid', 'the controller sent a Delta before Settings');
            batch.add(message.value, settings);
            break;
          case 'caughtUp': {
            const whole = batch;
            batch = new Batch();
            await this.#apply(whole, message.value, asked, stream);
            upToDate = true;
            sink.heard(upToDate);
            // What follows is only what changed.
            asked = undefined;
            break;
          }
          case 'heartbeat': {
            sink.time(parseTime(message.value.timeMs), !timed);
            timed = true;
            if (this.#options.clock.monotonic() >= this.#resendAt) this.#resend();
            break;
          }
          case 'authorities':
            onAuthorities(message.value.digest);
            break;
          // A message of a later version: nothing to us.
          case undefined:
            break;
        }
        silence.resume();
      });
    } finally {
      silence.stop();
      heartbeat.cancel();
      stream.cancel();
      await sendingPresence;
    }
  }

  async #apply(
    batch: Batch,
    caughtUp: CaughtUp,
    asked: bigint | undefined,
    stream: ClientStream<SyncRequest, SyncResponse>,
  ): Promise<void> {
    const { clock, log, sink } = this.#options;
    const revision = parseRevision(caughtUp.revision);
    const { refusals: unapplied } = await sink.apply(batch.deltas, revision, caughtUp.whole);
    const refusals = [...batch.refusals, ...unapplied].map((refusal) => ({ ...refusal }));
    if (refusals.length > 0) log.warn({ refusals }, 'not everything could be applied');
    await stream.send(request({ case: 'applied', value: create(AppliedSchema, { revision, refusals }) }));
    const erases = batch.deltas.some(({ erasedSubscriptionIds }) => erasedSubscriptionIds.length > 0);
    // What was said of it on a stream before may never have arrived.
    if (erases || asked !== undefined) this.#tellErased(stream);

    const { digest } = caughtUp;
    this.#fromScratch = false;
    if (asked === 0n) this.#anew = true;
    // Not compared: what is known of it is known still.
    if (digest.length === 0) return;
    const isAnew = this.#anew;
    this.#anew = false;
    const right = Buffer.from(sink.digest()).equals(digest);
    if (right) {
      this.#resendAt = Number.POSITIVE_INFINITY;
      this.#resendPauseMs = resendPauseMs.first;
    } else if (isAnew) {
      log.error(
        { againInMs: this.#resendPauseMs },
        'what is held here still differs from what the controller thinks; going on as it is',
      );
      this.#resendAt = clock.monotonic() + this.#resendPauseMs;
      this.#resendPauseMs = Math.min(this.#resendPauseMs * 2, resendPauseMs.most);
    } else if (this.#resendAt === Number.POSITIVE_INFINITY) this.#resend();
  }

  #resend(): never {
    this.#options.log.warn(
      'what is held here differs from what the controller thinks; asking for everything',
    );
    this.#fromScratch = true;
    this.#resendAt = Number.POSITIVE_INFINITY;
    throw new DigestMismatch('the digest differs');
  }

  /** When it is true; until then other messages go on. */
  #tellErased(stream: ClientStream<SyncRequest, SyncResponse>): void {
    this.#options.sink
      .erased()
      .then((revision) => stream.send(request({ case: 'erased', value: create(ErasedSchema, { revision }) })))
      .catch((error) => stream.fail(error));
  }
}

function request(message: SyncRequest['message']): SyncRequest {
  return create(SyncRequestSchema, { message });
}
