import { once } from 'node:events';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Attack } from './attack.ts';

/** What the operator's own systems do meanwhile. */
export class Busyness {
  readonly #socket: string;
  readonly #references: readonly string[];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  /** Changes of devices, or events. */
  count = 0;

  /** `references`: of subscriptions, with two devices each. `run`: unlike any other's. */
  constructor(kind: Attack['beside'], socket: string, references: readonly string[], run: string) {
    this.#socket = socket;
    this.#references = references;
    this.#done =
      kind === 'changes' ? this.#change() : kind === 'events' ? this.#renew(run) : Promise.resolve();
    this.#done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** The billing system's list, in which everybody is suspended, and then nobody. */
  async #change(): Promise<void> {
    for (let round = 0; !this.#stop.signal.aborted || round % 2 === 1; round += 1) {
      const suspended = round % 2 === 0 ? 'attack' : null;
      const lines = this.#references.map((reference) =>
        JSON.stringify({
          ...{ type: 'subscription', reference, account: accountOf(reference), tariff: 'crowd', suspended },
        }),
      );
      await this.#send('/v1/import', 'application/x-ndjson', lines.join('\n'));
      this.count += 2 * lines.length;
    }
  }

  /** Each renewal is an event. */
  async #renew(run: string): Promise<void> {
    for (let round = 0; !this.#stop.signal.aborted; round += 1) {
      const reference = this.#references[round % this.#references.length] ?? '';
      const body = { reference: `${run}-${round}`, periods: 1 };
      await this.#send(`/v1/subscriptions/${reference}/renewals`, 'application/json', JSON.stringify(body));
      this.count += 1;
    }
  }

  async #send(path: string, type: string, body: string): Promise<void> {
    const headers = { 'content-type': type };
    const call = request({ socketPath: this.#socket, method: 'POST', path, headers }).end(body);
    const [answer] = await once(call, 'response');
    const said = await json(answer);
    if (answer.statusCode >= 300) throw new Error(`${path}: ${JSON.stringify(said)}`);
  }
}

export const accountOf = (reference: string) => reference.replace('contract', 'customer');
