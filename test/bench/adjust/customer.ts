import { callApi } from '../../lab/api.ts';
import { eventually } from '../../lab/eventually.ts';
import type { Lab } from '../../lab/lab.ts';
import { Sale } from '../../lab/shop.ts';
import type { Flow } from '../../lab/traffic/flow.ts';
import { machineMilliseconds } from '../../lab/traffic/protocol.ts';

/**
 * In the order of a round. A refund is in force when it is answered: the nodes have given back what they have not armed.
 * The others are when traffic ends, or begins again.
 */
export const kinds = ['suspend', 'resume', 'larger tariff', 'refund', 'top-up'] as const;
export type Kind = (typeof kinds)[number];

/** A hundred datagrams a second: so exactly is it seen when they begin and end to arrive. */
const plan = { family: 4, direction: 'up', payloadBytes: 100, bitsPerSecond: 80_000 } as const;
/** Uses up in a moment what nodes have armed. */
const heavy = { family: 4, direction: 'up', payloadBytes: 1200, bitsPerSecond: 8_000_000 } as const;
/** Also how long after one adjustment the next is made: nobody pays within a reading of the counters. */
const quietMs = 2_000;
const volume = 8_000_000n;

/** A customer whose two devices send, one through each node. */
export class Adjusted {
  readonly #lab: Lab;
  readonly #subscription: string;
  readonly #flows: readonly Flow[];
  readonly #heavy: readonly Flow[];
  #references = 0;

  private constructor(lab: Lab, subscription: string, flows: readonly Flow[], heavyFlows: readonly Flow[]) {
    this.#lab = lab;
    this.#subscription = subscription;
    this.#flows = flows;
    this.#heavy = heavyFlows;
  }

  /** With the lab's clients 1 and 2. */
  static async make(lab: Lab): Promise<Adjusted> {
    const sale = await Sale.make(lab, volume, 2, [], 'large');
    await callApi(lab.controller.socket, 'POST', '/v1/tariffs', { name: 'small', volumeBytes: '1' });
    const flows: Flow[] = [];
    const heavyFlows: Flow[] = [];
    for (const node of [1, 2]) {
      await sale.connect(node, node, sale.device(node));
      flows.push(await lab.traffic.open({ ...plan, client: node, node }));
      heavyFlows.push(await lab.traffic.open({ ...heavy, client: node, node }));
    }
    return new Adjusted(lab, sale.subscription, flows, heavyFlows);
  }

  /** Sends, and passes on both nodes. */
  async begin(): Promise<void> {
    for (const flow of this.#flows) flow.send();
    await this.#allSince(machineMilliseconds());
  }

  /** Milliseconds from the start of the call until it is in force on both nodes. */
  async adjust(kind: Kind): Promise<number> {
    if (kind === 'larger tariff') {
      await this.#call('smaller tariff');
      await this.#exhaust();
    }
    if (kind === 'top-up') await this.#exhaust();
    const calledAt = await this.#call(kind);
    if (kind === 'refund') return machineMilliseconds() - calledAt;
    if (kind === 'suspend') return Math.max(0, (await this.#lastArrival()) - calledAt);
    return (await this.#allSince(calledAt)) - calledAt;
  }

  /** Says when it began. */
  async #call(kind: Kind | 'smaller tariff'): Promise<number> {
    const { path, body } = await this.#callOf(kind);
    const calledAt = machineMilliseconds();
    const answer = await callApi(
      this.#lab.controller.socket,
      'POST',
      `/v1/subscriptions/${this.#subscription}/${path}`,
      body,
    );
    if (answer.status >= 300) throw new Error(`${kind}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return calledAt;
  }

  async #exhaust(): Promise<void> {
    for (const flow of this.#heavy) flow.send();
    await this.#lastArrival();
    for (const flow of this.#heavy) flow.rest();
  }

  /** As at the beginning of a round: without top-ups, on the larger tariff. */
  async reset(): Promise<void> {
    for (const kind of ['refund', 'smaller tariff', 'larger tariff'] as const) await this.#call(kind);
    await this.#allSince(machineMilliseconds());
  }

  async #callOf(kind: Kind | 'smaller tariff'): Promise<{ path: string; body?: object }> {
    this.#references += 1;
    const occasion = { reason: 'measured', reference: `payment ${this.#references}` };
    switch (kind) {
      case 'suspend':
        return { path: 'suspend', body: { reason: 'measured' } };
      case 'resume':
        return { path: 'resume' };
      case 'smaller tariff':
        return { path: 'tariff', body: { tariff: 'small' } };
      case 'larger tariff': {
        // What was used counts against it.
        const volumeBytes = String(BigInt((await this.#shown()).countedBytes) + volume);
        await callApi(this.#lab.controller.socket, 'PATCH', '/v1/tariffs/large', { volumeBytes });
        return { path: 'tariff', body: { tariff: 'large' } };
      }
      case 'refund': {
        const bytes = (await this.#shown()).remainingBytes;
        return {
          path: 'refunds',
          body: { bytes, ...occasion },
        };
      }
      case 'top-up':
        return { path: 'adjustments', body: { bytes: String(volume), ...occasion } };
    }
  }

  async #shown(): Promise<{ countedBytes: string; remainingBytes: string }> {
    const path = `/v1/subscriptions/${this.#subscription}`;
    const { body } = await callApi(this.#lab.controller.socket, 'GET', path);
    return body as { countedBytes: string; remainingBytes: string };
  }

  async #mine() {
    return (await this.#lab.traffic.readings()).filter(({ flow }) => this.#flows.includes(flow));
  }

  /** Waits until each flow has arrived after that moment; says when the last of them was seen to. */
  async #allSince(since: number): Promise<number> {
    const look = async () => (await this.#mine()).every(({ lastReceivedAt }) => lastReceivedAt > since);
    await eventually('both nodes let it pass', look, { within: 15_000, every: 5 });
    return machineMilliseconds();
  }

  /** Waits until nothing arrives any more; says when the last datagram did. */
  async #lastArrival(): Promise<number> {
    const last = async () => Math.max(...(await this.#mine()).map(({ lastReceivedAt }) => lastReceivedAt));
    const quiet = async () => machineMilliseconds() - (await last()) > quietMs;
    await eventually('no node lets it pass', quiet, { within: 30_000, every: 50 });
    return last();
  }
}
