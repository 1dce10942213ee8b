import { callApi } from '../lab/api.ts';
import { eventually } from '../lab/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import { Sale, type SoldDevice } from '../lab/shop.ts';
import type { Flow, FlowPlan } from '../lab/traffic/flow.ts';

/** Bytes, from the controller's own word. */
export interface Bill {
  readonly billed: bigint;
  readonly writtenOff: bigint;
}

/** Who bought a volume and sends on all his devices, each on the node that it is connected to. */
export class Customer {
  readonly name: string;
  readonly flows: readonly Flow[];
  readonly #lab: Lab;
  readonly #sale: Sale;
  readonly #clients: readonly Client[];
  #sold: bigint;

  private constructor(
    name: string,
    lab: Lab,
    sale: Sale,
    clients: readonly Client[],
    sold: bigint,
    flows: readonly Flow[],
  ) {
    this.name = name;
    this.flows = flows;
    this.#lab = lab;
    this.#sale = sale;
    this.#clients = clients;
    this.#sold = sold;
  }

  /** A device for each client, with the flows that `flows` gives for it. Downloads are opened where something passes. */
  static async make(lab: Lab, order: Order): Promise<Customer> {
    const { name, volumeBytes, clients } = order;
    const sale = await Sale.make(lab, volumeBytes, clients.length, [], name);
    for (const [index, { client, node }] of clients.entries()) {
      await sale.connect(client, node, sale.device(index + 1));
    }
    const plans = clients.flatMap(({ client, node }) =>
      order.flows.map((flow) => ({ ...flow, client, node })),
    );
    const flows = await Promise.all(plans.map((plan) => lab.traffic.open(plan)));
    return new Customer(name, lab, sale, clients, volumeBytes, flows);
  }

  get sold(): bigint {
    return this.#sold;
  }

  /** Tunnel addresses on a node. */
  addressesOn(node: number): readonly string[] {
    return this.#devicesOn(node).flatMap(({ address4, address6 }) => [address4, address6]);
  }

  async topUp(bytes: bigint, reference: string): Promise<void> {
    const path = `/v1/subscriptions/${this.#sale.subscription}/adjustments`;
    const body = { bytes: String(bytes), reason: 'bought more', reference };
    const answer = await callApi(this.#lab.controller.socket, 'POST', path, body);
    if (answer.status !== 201) throw new Error(`no top-up: ${JSON.stringify(answer.body)}`);
    this.#sold += bytes;
  }

  async bill(): Promise<Bill> {
    const path = `/v1/usage?subscription=${this.#sale.subscription}`;
    const answer = await callApi(this.#lab.controller.socket, 'GET', path);
    if (answer.status !== 200) throw new Error(`no bill: ${JSON.stringify(answer.body)}`);
    const { usedBytes, writtenOffBytes } = answer.body as { usedBytes: string; writtenOffBytes: string };
    return { billed: BigInt(usedBytes), writtenOff: BigInt(writtenOffBytes) };
  }

  /** Waits until all that arrived is in the books. */
  async settled(): Promise<void> {
    const booked = async () => {
      const { billed, writtenOff } = await this.bill();
      return billed + writtenOff >= (await this.arrived());
    };
    await eventually(`the bill of ${this.name} is complete`, booked, { within: 20_000, every: 150 });
  }

  /** What arrived of his at the traffic's ends. */
  arrived(): Promise<bigint> {
    const clients = new Set(this.#clients.map(({ client }) => client));
    return this.#lab.traffic.accepted((plan) => clients.has(plan.client));
  }

  #devicesOn(node: number): readonly SoldDevice[] {
    return this.#clients.flatMap((one, index) => (one.node === node ? [this.#sale.device(index + 1)] : []));
  }
}

export interface Client {
  readonly client: number;
  readonly node: number;
}

export interface Order {
  readonly name: string;
  readonly volumeBytes: bigint;
  readonly clients: readonly Client[];
  readonly flows: readonly Pick<FlowPlan, 'family' | 'direction' | 'bitsPerSecond'>[];
}
