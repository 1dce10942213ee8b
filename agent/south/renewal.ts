import type { Logger } from '../../common/log.ts';
import { authoritiesDigest } from '../../common/pki/authorities-digest.ts';
import { parsePem } from '../../common/pki/keys.ts';
import type { Task } from '../../common/task.ts';
import { Wake } from '../../common/wake.ts';
import { type AgentIdentity, certificateLife } from '../identity/identity.ts';
import { classifyFailure } from './failure.ts';
import { type RenewOptions, renew } from './renew.ts';

/** Timers hold 24 days at most, and the wall clock may jump: so look at it from time to time. */
const lookEveryMs = 3600_000;

export interface RenewalOptions extends RenewOptions {
  readonly log: Logger;
  readonly random: () => number;
  /** Between attempts that fail, about. */
  readonly retryMs: number;
  /** When the fleet's CAs have changed, nodes renew within so long, not all at once. */
  readonly spreadMs: number;
}

/**
 * Renews the node's certificate at two thirds of its life, and when the controller has other CAs than the node knows.
 * One that has ended is not its business but that of Sync, which needs it first.
 */
export class Renewal implements Task {
  readonly name = 'certificate renewal';
  readonly #options: RenewalOptions;
  readonly #wake = new Wake();
  /** What the controller said last of its CAs. */
  #told: Uint8Array | undefined;

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /** What Sync says of the fleet's CAs. */
  authorities(digest: Uint8Array): void {
    this.#told = digest;
    if (!this.#knowsAuthorities()) this.#wake.set();
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { connection, clock, log, random, retryMs, spreadMs } = this.#options;
    ready();
    while (!signal.aborted) {
      const { from, until } = certificateLife(connection.identity);
      const left = from + ((until - from) * 2) / 3 - clock.now();
      const ended = clock.now() > until;
      const asked = !this.#knowsAuthorities();
      if (ended || (left > 0 && !asked)) {
        await this.#sleep(ended ? retryMs : Math.min(left, lookEveryMs), signal);
        continue;
      }
      if (asked) await clock.sleep(spreadMs * random(), signal);
      if (signal.aborted) return;
      try {
        await renew(this.#options);
        log.info('the certificate was renewed');
      } catch (error) {
        const { reason } = classifyFailure(error);
        log.warn(
          { reason, until: new Date(until).toISOString() },
          'the certificate could not be renewed yet',
        );
        await clock.sleep(retryMs * (0.5 + random()), signal);
      }
    }
  }

  #knowsAuthorities(): boolean {
    return (
      this.#told === undefined || Buffer.from(digestOf(this.#options.connection.identity)).equals(this.#told)
    );
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const timer = this.#options.clock.after(ms, () => this.#wake.set());
    await this.#wake.wait(signal);
    timer.cancel();
  }
}

function digestOf({ caCertificate, nextCaCertificate }: AgentIdentity): Uint8Array {
  const next = nextCaCertificate === undefined ? undefined : parsePem('CERTIFICATE', nextCaCertificate);
  return authoritiesDigest(parsePem('CERTIFICATE', caCertificate), next);
}
