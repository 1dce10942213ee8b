import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { ReportResponse } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { reportMethod } from '../../common/grpc/report-method.ts';
import { Wake } from '../../common/wake.ts';
import { type ClientStream, runClientStream } from './client-stream.ts';
import type { Channel } from './connection.ts';
import type { ReportSource } from './ports.ts';

export interface ReportOptions {
  readonly source: ReportSource;
  readonly clock: Clock;
  /** A report that is not acknowledged for so long is sent again, over a new connection. */
  readonly acknowledgeMs: number;
  readonly onAcknowledged: () => void;
}

/** UsageService.Report, from the node's side: one report at a time, unchanged, until it is acknowledged. */
export class ReportClient {
  readonly #options: ReportOptions;
  readonly #pending = new Wake();

  constructor(options: ReportOptions) {
    this.#options = options;
    options.source.onPending(() => this.#pending.set());
  }

  /** Resolves when there is something to report. */
  async pending(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#options.source.next() === undefined) await this.#pending.wait(signal);
  }

  /** One stream, until it ends. @throws why it ended */
  run(channel: Channel, signal: AbortSignal): Promise<void> {
    return runClientStream(channel, reportMethod, signal, (stream) => this.#serve(stream));
  }

  async #serve(stream: ClientStream<Uint8Array, ReportResponse>): Promise<void> {
    const acknowledgements = new Acknowledgements(this.#options.source);
    const reading = stream.read(async ({ number }) => {
      acknowledgements.received(number);
      this.#options.onAcknowledged();
    });
    const sending = this.#send(stream, acknowledgements).catch((error) => stream.fail(error));
    try {
      await reading;
    } finally {
      stream.cancel();
      await sending;
    }
  }

  async #send(
    stream: ClientStream<Uint8Array, ReportResponse>,
    acknowledgements: Acknowledgements,
  ): Promise<void> {
    const { clock, source, acknowledgeMs } = this.#options;
    while (!stream.closed.aborted) {
      await this.pending(stream.closed);
      const report = source.next();
      if (!report || stream.closed.aborted) continue;
      const overdue = clock.after(acknowledgeMs, () =>
        stream.fail(new TurnpikeError('unavailable', 'the controller did not acknowledge a report')),
      );
      acknowledgements.sent(report.number);
      await stream.send(report.bytes);
      await acknowledgements.wait(stream.closed);
      overdue.cancel();
    }
  }
}

/** Which report is out, and whether it came back. */
class Acknowledgements {
  readonly #source: ReportSource;
  readonly #arrived = new Wake();
  #out: bigint | undefined;

  constructor(source: ReportSource) {
    this.#source = source;
  }

  sent(number: bigint): void {
    this.#out = number;
  }

  received(number: bigint): void {
    // Of an earlier one, doubled on its way.
    if (this.#out === undefined || number < this.#out) return;
    if (number > this.#out) {
      throw new TurnpikeError('invalid', `the controller acknowledged report ${number}, which was not sent`);
    }
    this.#out = undefined;
    this.#source.acknowledged(number);
    this.#arrived.set();
  }

  async wait(closed: AbortSignal): Promise<void> {
    while (this.#out !== undefined && !closed.aborted) await this.#arrived.wait(closed);
  }
}
