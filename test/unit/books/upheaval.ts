import type { Rig } from './rig.ts';

/** What changes what a node should hold. */
export type Change =
  | 'add'
  | 'remove'
  | 'rekey'
  | 'suspend'
  | 'resume'
  | 'sell'
  | 'erase'
  | 'move'
  | 'other node'
  | 'all';

/** Changes of three subscriptions, one after the other, while somebody reads what a node should hold. */
export class Upheaval {
  readonly subscriptions: readonly string[];
  readonly #rig: Rig;
  readonly #devices: readonly string[];
  #turn = 0;

  private constructor(rig: Rig, subscriptions: readonly string[], devices: readonly string[]) {
    this.#rig = rig;
    this.subscriptions = subscriptions;
    this.#devices = devices;
  }

  /** Sells so many devices to each of them, and makes a group of other nodes to which they can move. */
  static async prepare(rig: Rig, devicesEach: number): Promise<Upheaval> {
    const subscriptions = [await rig.subscription(), await rig.subscription(), await rig.subscription()];
    const devices: string[] = [];
    for (let n = 0; n < devicesEach; n += 1) {
      for (const subscription of subscriptions) devices.push(await rig.device(subscription));
    }
    await rig.books.catalogue.addGroup({ name: 'far' });
    await rig.books.catalogue.addTariff({ name: 'far', group: 'far', volumeBytes: 1_000_000n });
    return new Upheaval(rig, subscriptions, devices);
  }

  /**
   * One after the other, so that each comes between two parts of what goes on meanwhile. Some are refused, as of who was erased
   * before.
   */
  async make(changes: readonly Change[]): Promise<void> {
    for (const change of changes) await this.#make(change).catch(() => undefined);
  }

  async #make(change: Change): Promise<unknown> {
    const { catalogue, privacy } = this.#rig.books;
    this.#turn += 1;
    const subscription = this.subscriptions[this.#turn % this.subscriptions.length] as string;
    const device = this.#devices[this.#turn % this.#devices.length] as string;
    switch (change) {
      case 'add':
        return this.#rig.device(subscription);
      case 'remove':
        return catalogue.removeDevice(device);
      case 'rekey':
        return catalogue.rekeyDevice(device, {});
      case 'suspend':
        return catalogue.suspend(subscription, { reason: 'late' });
      case 'resume':
        return catalogue.resume(subscription);
      case 'sell':
        return this.#rig.device(await this.#rig.subscription());
      case 'erase':
        return privacy.erase((await catalogue.getSubscription(subscription)).accountId);
      case 'move':
        return catalogue.changeTariff(subscription, { tariff: 'far' });
      case 'other node':
        return this.#rig.node(`b${this.#turn}`);
      case 'all':
        await catalogue.setEnforcement({ enforcement: 'observe' });
        return catalogue.setEnforcement({ enforcement: 'enforce' });
    }
  }
}
