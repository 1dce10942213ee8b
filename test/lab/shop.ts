import { writeFileSync } from 'node:fs';
import { eventually } from './eventually.ts';
import type { Lab } from './lab.ts';

/** Bytes as the API writes them: strings of digits. */
export interface UsageAnswer {
  readonly usedBytes: string;
  readonly writtenOffBytes: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly uploadBytes: string;
    readonly downloadBytes: string;
  }[];
}

export interface SoldDevice {
  readonly id: string;
  readonly publicKey: string;
  readonly privateKey: string;
  readonly address4: string;
  readonly address6: string;
}

/**
 * Controller up, all nodes enrolled, up and in contact: all through the product's own commands. `prefix` as of
 * {@link Controller.start}.
 */
export async function openShop(lab: Lab, prefix: readonly string[] = []): Promise<void> {
  await lab.controller.start(prefix);
  await Promise.all(
    lab.nodes.map(async (node) => {
      await node.join(lab.controller.cli);
      await node.start();
    }),
  );
  await Promise.all(
    lab.nodes.map(({ program }) => program?.said(/"msg":"connected to the controller"/, 20_000)),
  );
}

/** Waits until the controller says that it hears this node. */
export async function inContact(lab: Lab, name: string, within = 20_000): Promise<void> {
  const look = async () =>
    (await lab.controller.cli.json<{ connected: boolean }>('node', 'show', name)).connected;
  await eventually(`${name} is in contact with the controller`, look, { within, every: 500 });
}

/** What one customer bought: a subscription and its devices. */
export class Sale {
  readonly #lab: Lab;
  readonly subscription: string;
  readonly devices: SoldDevice[] = [];

  private constructor(lab: Lab, subscription: string) {
    this.#lab = lab;
    this.subscription = subscription;
  }

  /**
   * A customer with a tariff of his own. `terms`: further words for `tariff add`; `times`: for `subscription create`.
   */
  static async make(
    lab: Lab,
    volumeBytes: bigint,
    devices: number,
    terms: readonly string[] = [],
    tariff = 'lab',
    times: readonly string[] = [],
  ): Promise<Sale> {
    const { cli } = lab.controller;
    await cli.json('tariff', 'add', tariff, '--volume', `${volumeBytes}B`, ...terms);
    const account = `customer-of-${tariff}`;
    await cli.json('account', 'add', account);
    const words = ['--account', account, '--tariff', tariff, ...times];
    const { id } = await cli.json<{ id: string }>('subscription', 'create', ...words);
    const sale = new Sale(lab, id);
    for (let count = 0; count < devices; count++) await sale.addDevice();
    return sale;
  }

  async addDevice(): Promise<SoldDevice> {
    const { device, privateKey } = await this.#lab.controller.cli.json<DeviceAnswer>(
      ...['device', 'add', this.subscription],
    );
    const sold = { ...device, privateKey };
    this.devices.push(sold);
    return sold;
  }

  /** Connects a client with the device of its number to a node, by the configuration that the CLI gives. */
  async connect(client: number, node: number, device = this.device(client)): Promise<void> {
    await this.#lab.client(client).connect(await this.configuration(device, node));
  }

  /** The wg-quick text that the CLI gives, once the node has the device. */
  async configuration(device: SoldDevice, node: number): Promise<string> {
    const keyFile = this.#lab.controller.host.file(`key-${device.id}`);
    writeFileSync(keyFile, `${device.privateKey}\n`, { mode: 0o600 });
    const words = ['--node', this.#lab.node(node).name, '--private-key-file', keyFile];
    const { cli } = this.#lab.controller;
    const { config } = await cli.json<{ config: string }>('device', 'config', device.id, ...words);
    // A handshake that meets no peer is tried again only after 5 s (WireGuard's REKEY_TIMEOUT).
    await this.#lab.node(node).hasPeer(device.publicKey);
    return config;
  }

  /** From 1. */
  device(number: number): SoldDevice {
    const device = this.devices[number - 1];
    if (!device) throw new Error(`${this.devices.length} devices were sold, there is no number ${number}`);
    return device;
  }

  /** In the current period, unless told. */
  usage(period?: number): Promise<UsageAnswer> {
    const words = period === undefined ? [] : ['--period', String(period)];
    return this.#lab.controller.cli.json<UsageAnswer>('usage', this.subscription, ...words);
  }

  /** What the customer is billed for in the current period. */
  async billed(): Promise<bigint> {
    return BigInt((await this.usage()).usedBytes);
  }

  /** Waits until the bill says exactly this; the last reports are on their way for a moment. */
  billedExactly(bytes: bigint): Promise<void> {
    return this.billedBetween(bytes, bytes);
  }

  async billedBetween(least: bigint, most: bigint, within = 15_000): Promise<void> {
    let billed = -1n;
    const look = async () => {
      billed = await this.billed();
      return least <= billed && billed <= most;
    };
    await eventually('the bill is right', look, { within, every: 200 }).catch((error: unknown) => {
      throw new Error(`billed ${billed}, accepted ${least}: ${billed - least} apart`, { cause: error });
    });
  }

  /** Waits until the bills of the first two periods say this together, and each says something. */
  async billedInTwoPeriods(bytes: bigint, within = 20_000): Promise<void> {
    let bills: bigint[] = [];
    const look = async () => {
      bills = [BigInt((await this.usage(1)).usedBytes), BigInt((await this.usage(2)).usedBytes)];
      return bills.every((bill) => bill > 0n) && bills.reduce((sum, bill) => sum + bill, 0n) === bytes;
    };
    await eventually('the two bills are right', look, { within, every: 200 }).catch((error: unknown) => {
      throw new Error(`billed ${bills.join(' and ')}, accepted ${bytes}`, { cause: error });
    });
  }

  async topUp(bytes: bigint, reference: string): Promise<void> {
    const words = ['--reason', 'bought more', '--reference', reference];
    await this.#lab.controller.cli.json('subscription', 'top-up', this.subscription, `${bytes}B`, ...words);
  }
}

interface DeviceAnswer {
  readonly device: Omit<SoldDevice, 'privateKey'>;
  readonly privateKey: string;
}
