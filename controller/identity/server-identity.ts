import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import type { CertificateAuthority, ServerCertificate } from './authority.ts';

/** Timers hold 24 days at most, and the wall clock may jump: so look at it from time to time. */
const lookEveryMs = 3600_000;

/** The controller's own certificate: made at each start, kept in memory only, renewed at two thirds of its life. */
export class ServerIdentity {
  readonly renewal: Task;
  #certificate: ServerCertificate;
  readonly #listeners: ((certificate: ServerCertificate) => void)[] = [];

  private constructor(first: ServerCertificate, authority: CertificateAuthority, clock: Clock, log: Logger) {
    this.#certificate = first;
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
          this.#certificate = await authority.issueServer();
          for (const listener of this.#listeners) listener(this.#certificate);
          log.info("the controller's certificate was renewed");
        }
      },
    };
  }

  static async create(authority: CertificateAuthority, clock: Clock, log: Logger): Promise<ServerIdentity> {
    return new ServerIdentity(await authority.issueServer(), authority, clock, log);
  }

  get certificate(): ServerCertificate {
    return this.#certificate;
  }

  onRenewed(listener: (certificate: ServerCertificate) => void): void {
    this.#listeners.push(listener);
  }
}
