import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canMakeDisks, Disk } from '../lab/disk.ts';
import { eventually } from '../lab/eventually.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { openShop } from '../lab/shop.ts';
import { Customer } from './customer.ts';
import { askWitness, type Testimony, witnessGate } from './gate-witness.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** So many that no round comes near the end of it, also when counters are destroyed in each. */
const plenty = 4_000_000_000n;

export interface HeldDisk {
  fill(): void;
  makeRoom(): void;
}

/**
 * The lab as every round finds it: two nodes and three customers. One has plenty, and nothing may disturb him. One runs
 * dry in each round, on both nodes at once. One has less left than a packet is long, and sends all the same.
 */
export class Stage {
  readonly lab: Lab;
  readonly steady: Customer;
  readonly dry: Customer;
  readonly intruder: Customer;
  readonly #disks: readonly HeldDisk[];

  private constructor(lab: Lab, customers: readonly Customer[], disks: readonly HeldDisk[]) {
    const [steady, dry, intruder] = customers;
    if (!steady || !dry || !intruder) throw new Error('a stage has three customers');
    this.lab = lab;
    this.steady = steady;
    this.dry = dry;
    this.intruder = intruder;
    this.#disks = disks;
  }

  static async build(lab: Lab): Promise<Stage> {
    const disks = canMakeDisks ? await Promise.all(lab.nodes.map((node) => giveDisk(node))) : [];
    await openShop(lab);
    const bothNodes = (first: number) => [1, 2].map((node) => ({ client: first + node - 1, node }));
    const steady = await Customer.make(lab, {
      name: 'steady',
      volumeBytes: plenty,
      clients: bothNodes(1),
      flows: ([4, 6] as const).flatMap((family) =>
        (['up', 'down'] as const).map((direction) => ({ family, direction, bitsPerSecond: 160_000 })),
      ),
    });
    const dry = await Customer.make(lab, {
      name: 'dry',
      volumeBytes: 1_200_000n,
      clients: bothNodes(3),
      flows: [
        { family: 4, direction: 'up', bitsPerSecond: 600_000 },
        { family: 6, direction: 'down', bitsPerSecond: 600_000 },
      ],
    });
    const intruder = await Customer.make(lab, {
      name: 'intruder',
      volumeBytes: 1000n,
      clients: [{ client: 5, node: 1 }],
      flows: ([4, 6] as const).map((family) => ({ family, direction: 'up', bitsPerSecond: 160_000 })),
    });
    await beyondAllowance(lab, steady);
    await Promise.all([steady.settled(), dry.settled()]);
    return new Stage(lab, [steady, dry, intruder], disks);
  }

  /** A second opinion on every gate, from zero. */
  async witness(): Promise<void> {
    await Promise.all(
      this.lab.nodes.map(({ number, host, interface: tunnel }) => {
        const customers = [this.steady, this.dry].map(
          (customer) => [customer.name, customer.addressesOn(number)] as const,
        );
        return witnessGate(host, tunnel, new Map(customers));
      }),
    );
  }

  /** At all gates, by customer; undefined when one witness is gone. */
  async testimony(): Promise<ReadonlyMap<string, Testimony> | undefined> {
    const said = await Promise.all(this.lab.nodes.map(({ host }) => askWitness(host)));
    const all = said.flatMap((one) => (one ? [one] : []));
    if (all.length < said.length) return undefined;
    const total = (name: string, where: keyof Testimony) =>
      all.reduce((bytes, one) => bytes + (one.get(name)?.[where] ?? 0n), 0n);
    const customers = [this.steady, this.dry];
    return new Map(
      customers.map(({ name }) => [name, { came: total(name, 'came'), passed: total(name, 'passed') }]),
    );
  }

  addressesOn(node: number): readonly string[] {
    return [this.steady, this.dry].flatMap((customer) => customer.addressesOn(node));
  }

  diskOf(node: number): HeldDisk {
    const disk = this.#disks[node - 1];
    if (!disk) throw new Error('this machine makes no disks');
    return disk;
  }

  /** The agent's code in another place, as an upgrade brings it; gives its entry. */
  async anotherCopy(now: string): Promise<string> {
    const there = mkdtempSync(join(this.lab.controller.host.folder, 'code-'));
    for (const part of ['agent', 'common', 'package.json']) {
      cpSync(join(root, part), join(there, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(there, 'node_modules'));
    const copy = join(there, 'agent', 'main.ts');
    if (copy === now) throw new Error('an upgrade goes to another place');
    return copy;
  }

  /** What goes one way between a node and the controller is dropped, as seen from the node. Gives what heals it. */
  async cutOneWay(node: number, way: 'to' | 'from'): Promise<() => Promise<void>> {
    const { host } = this.lab.controller;
    const address = `10.91.0.${10 + node}`;
    const chain =
      way === 'to'
        ? `type filter hook input priority 0; ip saddr ${address} drop`
        : `type filter hook output priority 0; ip daddr ${address} drop`;
    await host.nft(`table inet cut {\n chain cut {\n ${chain}\n }\n}\n`);
    return () => host.nft('delete table inet cut\n');
  }
}

/** A lab with a stage on it. */
export async function buildStage(): Promise<Stage> {
  const lab = await createLab({ nodes: 2, clients: 5 });
  try {
    return await Stage.build(lab);
  } catch (error) {
    const said = lab.logs();
    await lab[Symbol.asyncDispose]();
    throw new Error(`the stage could not be built\n${said}`, { cause: error });
  }
}

/** Until every node has a grant for him: from here on, nothing that happens to an agent is a reason to stop him. */
async function beyondAllowance(lab: Lab, { flows }: Customer): Promise<void> {
  const allowance = 256n * 1024n;
  for (const flow of flows) flow.send();
  for (const { number } of lab.nodes) {
    const passed = async () =>
      (await lab.traffic.accepted(({ client, node }) => client === number && node === number)) >
      2n * allowance;
    await eventually(`node ${number} carries more than an allowance`, passed, { within: 60_000 });
  }
  lab.traffic.restAll();
  await lab.traffic.settled();
}

/** The agent's state on a disk that can be filled without harm to anything else. */
async function giveDisk(node: Lab['nodes'][number]): Promise<HeldDisk> {
  const disk = await Disk.make(node.host, node.host.file('state'), 16);
  const { prefix, pid } = await disk.hold();
  node.prefix = prefix;
  return { fill: () => disk.fill(pid), makeRoom: () => disk.makeRoom(pid) };
}
