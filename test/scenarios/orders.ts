import fc from 'fast-check';
import { systemClock } from '../../common/clock.ts';
import { callApi } from '../lab/api.ts';
import { eventually, settled } from '../lab/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import { Sale } from '../lab/shop.ts';
import type { Flow } from '../lab/traffic/flow.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';

// Adjustments of a subscription in a random order and rhythm, while its devices send on two nodes.

const bytes = fc.integer({ min: 20_000, max: 1_500_000 });
const adjustment = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('top-up' as const), bytes }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('refund' as const), bytes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reverse' as const), index: fc.nat({ max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('suspend' as const), whole: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume' as const), whole: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tariff' as const), bytes }) },
);
const step = fc.record({ adjustment, pauseMs: fc.integer({ min: 0, max: 250 }) });
const order = fc.record({
  steps: fc.array(step, { minLength: 4, maxLength: 9, size: 'max' }),
  /** Whether all that closes is mended at last, by a top-up or by a resumption. */
  ending: fc.constantFrom('paid' as const, 'resumed' as const, 'as it is' as const),
});

export type Order = ReturnType<typeof planOrders>[number];
type Adjustment = Order['steps'][number]['adjustment'];

/** The same seed gives the same ones. */
export function planOrders(seed: number, count: number) {
  return fc.sample(order, { seed, numRuns: count });
}

export function describeOrder({ steps, ending }: Order): string {
  return `${steps.map(({ adjustment: { kind } }) => kind).join(', ')}; ${ending}`;
}

export interface Played {
  readonly billed: bigint;
  /** At last it may pass. */
  readonly open: boolean;
  /** From the start of the last call until all its flows arrived again; undefined where it may not pass, or has little left. */
  readonly backMs: number | undefined;
  /** Before that call it could not pass. */
  readonly wasClosed: boolean;
}

/** Fields of a subscription, as the API gives them. */
interface Shown {
  readonly volumeBytes: string;
  readonly remainingBytes: string;
  readonly reservedBytes: string;
  readonly countedBytes: string;
  readonly usedBytes: string;
  readonly writtenOffBytes: string;
  readonly access: { readonly state: 'open' | 'closed' };
  readonly adjustments: readonly {
    readonly id: string;
    readonly bytes: string;
    readonly askedBytes: string | null;
    readonly leftBytes: string | null;
    readonly pending: boolean;
  }[];
}

/** Enough for each node to be granted some at once: near the end of a volume what others hold may have to come back first. */
const ample = 4_000_000n;
const bitsPerSecond = 320_000;
/** A flow sends 33 datagrams a second; one that was not heard for so long does not pass. */
const silentMs = 500;

/** A customer with two devices, one on each node, each with traffic both ways. */
export class Customer {
  readonly #lab: Lab;
  readonly #sale: Sale;
  readonly #account: string;
  readonly #flows: readonly Flow[];
  readonly #tariffs: [string, string];
  #references = 0;

  private constructor(lab: Lab, sale: Sale, account: string, tariffs: [string, string], flows: Flow[]) {
    this.#lab = lab;
    this.#sale = sale;
    this.#account = account;
    this.#tariffs = tariffs;
    this.#flows = flows;
  }

  /** The lab's clients 2n - 1 and 2n are those of customer n. */
  static async make(lab: Lab, number: number): Promise<Customer> {
    const name = `c${number}`;
    const sale = await Sale.make(lab, 2_000_000n, 2, [], name);
    await callApi(lab.controller.socket, 'POST', '/v1/tariffs', { name: `${name}-other`, volumeBytes: '1' });
    const flows: Flow[] = [];
    for (const node of [1, 2]) {
      const client = 2 * (number - 1) + node;
      await sale.connect(client, node, sale.device(node));
      const plan = { client, node, bitsPerSecond };
      flows.push(await lab.traffic.open({ ...plan, family: 4, direction: 'up' }));
      flows.push(await lab.traffic.open({ ...plan, family: 6, direction: 'down' }));
    }
    return new Customer(lab, sale, `customer-of-${name}`, [name, `${name}-other`], flows);
  }

  /** @throws when the books are wrong at any moment, or access is at the end. */
  async play({ steps, ending }: Order): Promise<Played> {
    await this.#beginAnew();
    for (const flow of this.#flows) flow.send();
    for (const { adjustment, pauseMs } of steps) {
      await this.#adjust(adjustment);
      await this.#checkBooks();
      await systemClock.sleep(pauseMs);
    }
    const { wasClosed, since } = await this.#end(ending);
    const shown = await this.#checkBooks();
    const open = shown.access.state === 'open';
    const plenty = BigInt(shown.remainingBytes) >= ample;
    const backMs = open && plenty ? (await this.#allPass(since)) - since : undefined;
    if (shown.access.state === 'closed') await this.#nothingPasses();
    for (const flow of this.#flows) flow.rest();
    const billed = await this.#billedExactly();
    await this.#checkBooks();
    return { billed, open, backMs, wasClosed };
  }

  /** Whatever was before, it is open and has this volume and no pack. */
  async #beginAnew(): Promise<void> {
    for (const whole of [true, false]) await this.#adjust({ kind: 'resume', whole });
    await this.#adjust({ kind: 'refund', bytes: Number((await this.#shown()).volumeBytes) });
    await this.#adjust({ kind: 'tariff', bytes: 2_000_000 });
  }

  /** Does what the ending wants, and says when the last call began. */
  async #end(ending: Order['ending']): Promise<{ wasClosed: boolean; since: number }> {
    const resumptions = [true, false].map((whole) => ({ kind: 'resume', whole }) as const);
    // More than refunds that are still pending take of it.
    const paid = { kind: 'top-up', bytes: 20_000_000 } as const;
    const calls: Record<Order['ending'], readonly Adjustment[]> = {
      paid: [...resumptions, paid],
      resumed: [paid, ...resumptions],
      'as it is': [],
    };
    let since = machineMilliseconds();
    let wasClosed = false;
    for (const call of calls[ending]) {
      wasClosed = (await this.#shown()).access.state === 'closed';
      const began = machineMilliseconds();
      if (await this.#adjust(call)) since = began;
    }
    return { wasClosed, since };
  }

  /** False when it was refused, as what cannot be is. */
  async #adjust(wish: Adjustment): Promise<boolean> {
    const subscription = `/v1/subscriptions/${this.#sale.subscription}`;
    const account = `/v1/accounts/${this.#account}`;
    this.#references += 1;
    const occasion = { reason: 'as it comes', reference: `payment ${this.#references}` };
    switch (wish.kind) {
      case 'top-up':
        return this.#call(`${subscription}/adjustments`, { bytes: String(wish.bytes), ...occasion });
      case 'refund':
        return this.#call(`${subscription}/refunds`, { bytes: String(wish.bytes), ...occasion });
      case 'reverse': {
        const { adjustments } = await this.#shown();
        const original = adjustments[wish.index % Math.max(1, adjustments.length)];
        if (original === undefined) return false;
        return this.#call(`${subscription}/adjustments/${original.id}/reversal`, occasion);
      }
      case 'suspend':
        return this.#call(`${wish.whole ? account : subscription}/suspend`, { reason: 'unpaid' });
      case 'resume':
        return this.#call(`${wish.whole ? account : subscription}/resume`, wish.whole ? {} : undefined);
      case 'tariff': {
        // Another volume for the tariff that it does not have, and that one for it.
        this.#tariffs.reverse();
        const [tariff] = this.#tariffs;
        const { socket } = this.#lab.controller;
        await callApi(socket, 'PATCH', `/v1/tariffs/${tariff}`, { volumeBytes: String(wish.bytes) });
        return this.#call(`${subscription}/tariff`, { tariff });
      }
    }
  }

  async #call(path: string, body?: object): Promise<boolean> {
    const answer = await callApi(this.#lab.controller.socket, 'POST', path, body);
    if (answer.status < 300) return true;
    if (answer.status === 400 || answer.status === 409) return false;
    throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  async #shown(): Promise<Shown> {
    const path = `/v1/subscriptions/${this.#sale.subscription}`;
    return (await callApi(this.#lab.controller.socket, 'GET', path)).body as Shown;
  }

  /** Settled and reserved are never more than the volume, and nothing is below zero. */
  async #checkBooks(): Promise<Shown> {
    const shown = await this.#shown();
    const settledBytes = BigInt(shown.countedBytes) + BigInt(shown.writtenOffBytes);
    const claimed = settledBytes + BigInt(shown.reservedBytes);
    const wrong =
      claimed > BigInt(shown.volumeBytes) ||
      BigInt(shown.reservedBytes) < 0n ||
      BigInt(shown.remainingBytes) !== BigInt(shown.volumeBytes) - settledBytes ||
      shown.adjustments.some(
        ({ bytes, askedBytes, leftBytes }) =>
          BigInt(leftBytes ?? 0) < 0n || (askedBytes !== null && -BigInt(bytes) > BigInt(askedBytes)),
      );
    if (wrong) throw new Error(`the books are wrong: ${JSON.stringify(shown)}`);
    return shown;
  }

  async #mine() {
    const readings = await this.#lab.traffic.readings();
    return readings.filter(({ flow }) => this.#flows.includes(flow));
  }

  /** Waits until each of the flows has arrived after that moment; gives when the last of them was seen. */
  async #allPass(since: number): Promise<number> {
    const look = async () => (await this.#mine()).every(({ lastReceivedAt }) => lastReceivedAt > since);
    await eventually('all flows pass', look, { within: 10_000, every: 10 });
    return machineMilliseconds();
  }

  async #nothingPasses(): Promise<void> {
    const look = async () => {
      const now = machineMilliseconds();
      return (await this.#mine()).every(({ lastReceivedAt }) => now - lastReceivedAt > silentMs);
    };
    await eventually('nothing passes', look, { within: 5_000, every: 50 });
  }

  async #billedExactly(): Promise<bigint> {
    const accepted = async () => (await this.#mine()).reduce((sum, { up, down }) => sum + up + down, 0n);
    const all = await settled('traffic', accepted, { quietMs: 400, within: 20_000 });
    let used = -1n;
    const look = async () => {
      used = BigInt((await this.#shown()).usedBytes);
      return used === all;
    };
    await eventually('the bill is right', look, { within: 20_000, every: 100 }).catch((error: unknown) => {
      throw new Error(`billed ${used}, accepted ${all}: ${used - all} apart`, { cause: error });
    });
    return all;
  }
}
