import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import type { Authorities } from './authorities.ts';
import type { ServerCertificate } from './authority.ts';

/** Timers hold 24 days at most, and the wall clock may jump: so look at it from time to time. */
const lookEveryMs = 3600_000;

/**
 * The controller's own certificate: made at each start and whenever the CAs change, kept in memory only, renewed at two
 * thirds of its life.
 */
export class ServerIdentity {
  readonly renewal: Task;
  #certificate: ServerCertificate;
  readonly #authorities: Authorities;
  readonly #listeners: ((certificate: ServerCertificate) => void)[] = [];

  private constructor(first: ServerCertificate, authorities: Authorities, clock: Clock, log: Logger) {
    this.#certificate = first;
    this.#authorities = authorities;
    // Before anybody is told of a new CA: whoever shows a certificate of it must be let in.
    authorities.onChange(() => this.#renew());
    this.renewal = {
      name: "controller's certificate",
      run: async (signal, ready) => {
        ready();
        while (!signal.aborted) {
          const { notBefore, notAfter } = this.#certificate;
          const left = notBefore + ((notAfter - notBefore) * 2) / 3 - clock.now();
          if (left > 0) {
            await clock.sleep(Math.min(left, lookEveryMs), signal);
            continue;
          }
          await this.#renew();
          log.info("the controller's certificate was renewed");
        }
      },
    };
  }

  static async create(authorities: Authorities, clock: Clock, log: Logger): Promise<ServerIdentity> {
    return new ServerIdentity(await authorities.serving.issueServer(), authorities, clock, log);
  }

  get certificate(): ServerCertificate {
    return this.#certificate;
  }

  /** Calls back when there is another certificate, or another CA is trusted. */
  onRenewed(listener: (certificate: ServerCertificate) => void): void {
    this.#listeners.push(listener);
  }

  async #renew(): Promise<void> {
    this.#certificate = await this.#authorities.serving.issueServer();
    for (const listener of this.#listeners) listener(this.#certificate);
  }
}
