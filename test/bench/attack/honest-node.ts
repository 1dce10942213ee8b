import { systemClock } from '../../../common/clock.ts';
import { eventually } from '../../lab/eventually.ts';
import type { Fleet } from '../crew/fleet-program.ts';
import { percentile } from '../edge/figures.ts';

export interface Reports {
  readonly made: number;
  /** Milliseconds until they were acknowledged. */
  readonly p50: number;
  readonly most: number;
  /** How often it was looked at and had no stream. */
  readonly unconnected: number;
}

export const bytesOfReport = 1000;
const everyMs = 250;
/** Beyond this a report counts as lost. */
const patienceMs = 60_000;

/** A node that reports four times a second, and looks how soon that is booked. */
export class HonestNode {
  readonly #fleet: Fleet;
  readonly #deviceId: string;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #delays: number[] = [];
  #unconnected = 0;
  #made = 0;
  #connected = false;

  /** `fleet`: of one member, which has joined. */
  constructor(fleet: Fleet, deviceId: string) {
    this.#fleet = fleet;
    this.#deviceId = deviceId;
    this.#done = this.#run();
    // Looked at in the end.
    this.#done.catch(() => undefined);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** All that it has said that passed. */
  get usedBytes(): number {
    return this.#made * bytesOfReport;
  }

  /** Since it was asked for last. */
  take(): Reports {
    const delays = this.#delays;
    const unconnected = this.#unconnected;
    this.#delays = [];
    this.#unconnected = 0;
    return { made: delays.length, p50: percentile(delays, 0.5), most: percentile(delays, 1), unconnected };
  }

  /** @throws when a report was lost */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#fleet.use(this.#deviceId, bytesOfReport);
      this.#made += 1;
      await eventually('a report is acknowledged', () => this.#look(), { within: patienceMs, every: 10 });
      await systemClock.sleep(everyMs, signal);
    }
  }

  async #look(): Promise<boolean> {
    const [seen] = await this.#fleet.look();
    this.#connected = seen?.connected ?? false;
    if (!this.#connected) this.#unconnected += 1;
    if (!seen?.atRest) return false;
    this.#delays.push(seen.acknowledgedAt - seen.reportedAt);
    return true;
  }
}
