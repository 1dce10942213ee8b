import { createHash } from 'node:crypto';
import { createCore } from '../../agent/core.ts';
import { type Direction, FakeGate } from '../../agent/gate/fake.ts';
import type { Gate, GateReading } from '../../agent/gate/model.ts';
import type { Host } from '../../agent/host/host.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { type Journal, openJournal } from '../../agent/journal/journal.ts';
import { FakeWireGuard } from '../../agent/wireguard/fake.ts';
import type { WireGuard } from '../../agent/wireguard/wireguard.ts';
import { CommandError } from '../../common/command.ts';
import { silentLogger } from '../../common/log.ts';
import { runTasks } from '../../common/task.ts';
import type { WireguardKeyPair } from '../../common/wireguard-key.ts';
import type { Disk } from './disk.ts';
import { Life } from './life.ts';
import type { Link } from './network.ts';
import type { Random } from './random.ts';
import type { MachineClock, Timeline } from './timeline.ts';

const restartMs = 2_000;
/** What a command of nft or wg takes, at most. */
const commandMs = 12;

export type KernelTrouble = 'fail' | 'crash before' | 'crash after';

export interface NodeMachineOptions {
  /** Of the machine; that of the node stands in its identity. */
  readonly name: string;
  readonly timeline: Timeline;
  readonly clock: MachineClock;
  readonly random: Random;
  readonly disk: Disk;
  readonly link: Link;
  readonly identity: AgentIdentity;
  /** Its certificate. */
  readonly der: Uint8Array;
  readonly key: WireguardKeyPair;
}

/** A VPN server: the agent's process comes and goes, its disk stays, its kernel for as long as it has power. */
export class NodeMachine {
  readonly options: NodeMachineOptions;
  readonly gate: FakeGate;
  readonly wireguard = new FakeWireGuard();
  identity: AgentIdentity;
  /** As whose the kernel's table was made: `node id/incarnation`. Nobody closes it when a state is lost. */
  place: string;
  der: Uint8Array;
  journal: Journal | undefined;
  #life: Life | undefined;
  #held = false;
  #boots = 0;
  /** Asked before each change of the kernel. */
  trouble: () => KernelTrouble | undefined = () => undefined;
  #blinks = false;
  #powerless = false;
  startedAt = 0;
  /** Another machine with the same state and identity. */
  clone = false;
  /** Why the process ended by itself. */
  onFailure: (error: unknown) => void = () => undefined;

  constructor(options: NodeMachineOptions) {
    this.options = options;
    this.identity = options.identity;
    this.der = options.der;
    this.place = placeOf(options.identity);
    this.gate = new FakeGate(options.clock);
    this.#boot();
    this.wireguard.missing = true;
  }

  get name(): string {
    return this.options.name;
  }

  get alive(): boolean {
    return this.#life !== undefined;
  }

  crash(downMs: number): void {
    this.hold();
    this.options.timeline.after(downMs, () => this.release());
  }

  /** The disk is lost, with all that the agent knew. */
  loseState(): void {
    this.hold();
    this.options.disk.wipe();
  }

  /** The next reading shows no counter, though they are there. */
  blinkOnce(): void {
    this.#blinks = true;
  }

  /** wireguard-go dies, or somebody deletes the interface. */
  loseInterface(): void {
    this.wireguard.lose();
    this.#peers.clear();
  }

  losePower(downMs: number): void {
    if (this.#powerless) return;
    if (this.#life) this.options.disk.dropUnsynced();
    this.#powerless = true;
    this.hold();
    this.gate.flush();
    this.loseInterface();
    this.options.timeline.after(downMs, () => {
      this.options.clock.reboot();
      this.#boot();
      this.#powerless = false;
      this.release();
    });
  }

  hold(): void {
    this.#held = true;
    this.#life?.end();
  }

  release(): void {
    if (this.#powerless) return;
    this.#held = false;
    this.#startIn(0);
  }

  start(): void {
    if (this.#life !== undefined || this.#held) return;
    const life = new Life();
    this.#life = life;
    this.startedAt = this.options.timeline.now;
    this.options.disk.begin(life);
    life.onEnd(() => {
      this.#life = undefined;
      this.journal = undefined;
      this.options.link.nodeGone(this.#powerless);
      this.#startIn(restartMs);
    });
    this.#run(life).then(
      () => life.end(),
      (error: unknown) => {
        if (life.alive) this.onFailure(error);
        life.end();
      },
    );
  }

  /** A packet comes from a device or goes to it. True when it passed. */
  carry(direction: Direction, device: { publicKey: string; address: string }, bytes: bigint): boolean {
    const known = this.#peers.has(device.publicKey);
    if (direction === 'download') return known && this.gate.carry(direction, device.address, bytes);
    if (!known) return false;
    const second = Math.floor(this.options.clock.now() / 1000);
    const shaken = this.#shaken.get(device.publicKey) ?? 0;
    const latestHandshake = second - shaken >= 120 ? second : shaken;
    this.#shaken.set(device.publicKey, latestHandshake);
    const received = (this.#received.get(device.publicKey) ?? 0n) + bytes;
    this.#received.set(device.publicKey, received);
    this.wireguard.act(device.publicKey, { latestHandshake, received });
    return this.gate.carry(direction, device.address, bytes);
  }

  readonly #peers = new Set<string>();
  readonly #received = new Map<string, bigint>();
  readonly #shaken = new Map<string, number>();

  #boot(): void {
    this.#boots += 1;
    // Every machine's are its own.
    const boot = createHash('sha256').update(`${this.name} ${this.#boots}`).digest('hex').slice(0, 12);
    this.gate.bootId = `00000000-0000-4000-8000-${boot}`;
    this.#peers.clear();
  }

  #startIn(ms: number): void {
    this.options.timeline.after(ms, () => this.start());
  }

  async #run(life: Life): Promise<void> {
    const { disk, link, key, random } = this.options;
    const { identity, der } = this;
    const clock = life.clock(this.options.clock);
    const journal = openJournal(disk.directory, identity);
    this.journal = journal;
    const core = createCore({
      ...{ identity, key, interfaceName: 'wg0', clock, log: silentLogger },
      journal: life.guard(journal),
      kernel: { gate: this.#gate(life), wireguard: this.#wireguard(life), host: life.guard(this.#host()) },
      bootId: this.gate.bootId,
      random: () => random.next(),
      identityStore: { save: async () => undefined, checkRoom: async () => undefined },
      dial: (shown) => link.dial(shown, der, life),
    });
    await runTasks(core.tasks, new AbortController().signal, { log: silentLogger });
  }

  /** A change of the kernel by a command, which takes its time and may not come back. */
  async #change(life: Life, action: () => Promise<void>): Promise<void> {
    const { clock } = this.options;
    const random = this.options.random;
    await clock.sleep(random.next() * commandMs);
    if (!life.alive) return await forever();
    const trouble = this.trouble();
    if (trouble === 'fail') throw new CommandError('nft', 1, 'failed with status 1', '');
    if (trouble === 'crash before') life.end();
    if (!life.alive) return await forever();
    await action();
    if (trouble === 'crash after') life.end();
    await clock.sleep(random.next() * commandMs);
    if (!life.alive) return await forever();
  }

  #gate(life: Life): Gate {
    const { gate } = this;
    const change = (action: () => Promise<void>) => this.#change(life, action);
    return {
      epoch: () => gate.epoch(),
      create: async (frame) => {
        await change(async () => {
          await gate.create(frame);
          this.place = placeOf(this.identity);
        });
        const epoch = await gate.epoch();
        if (epoch === undefined) throw new CommandError('nft', 1, 'failed with status 1', '');
        return epoch;
      },
      reframe: (frame) => gate.reframe(frame),
      observe: () => gate.observe(),
      apply: (from, to, seconds) => {
        // Nothing to do is no command.
        if (from === to) return Promise.resolve();
        return change(() => gate.apply(from, to, seconds));
      },
      renew: (model, seconds) => change(() => gate.renew(model, seconds)),
      read: () => this.#read(life),
      remove: () => change(() => gate.remove()),
      resetBell: (bell) => gate.resetBell(bell),
      watch: (onEvent) => {
        const watch = gate.watch((event) => {
          if (life.alive) onEvent(event);
        });
        life.onEnd(() => watch.stop());
        return { ended: life.alive ? watch.ended : forever(), stop: () => watch.stop() };
      },
    };
  }

  /** Quotas first and counters then, as nft lists them: packets come in between. */
  async #read(life: Life): Promise<GateReading | undefined> {
    const { clock, random } = this.options;
    const quotas = await this.gate.read();
    await clock.sleep(random.next() * commandMs);
    if (!life.alive) return await forever();
    const reading = await this.gate.read();
    if (quotas === undefined || reading === undefined) return undefined;
    if (quotas.epoch.table !== reading.epoch.table) return undefined;
    const counters = this.#blinks ? new Map() : reading.counters;
    this.#blinks = false;
    return { ...reading, counters, quotaRemaining: quotas.quotaRemaining };
  }

  #wireguard(life: Life): WireGuard {
    const { wireguard } = this;
    const change = (action: () => Promise<void>) => this.#change(life, action);
    return {
      publicKey: () => wireguard.publicKey(),
      configure: (options) => wireguard.configure(options),
      peers: () => wireguard.peers(),
      activity: () => wireguard.activity(),
      upsert: (peers) =>
        change(async () => {
          await wireguard.upsert(peers);
          for (const { publicKey } of peers) this.#peers.add(publicKey);
        }),
      remove: (keys) =>
        change(async () => {
          await wireguard.remove(keys);
          for (const key of keys) {
            this.#peers.delete(key);
            this.#received.delete(key);
            this.#shaken.delete(key);
          }
        }),
    };
  }

  #host(): Host {
    return {
      ensure: async () => {
        if (!this.wireguard.missing) return [];
        this.wireguard.missing = false;
        return ['make the interface'];
      },
      remove: async () => [],
      driver: async () => 'userspace' as const,
      ipv6: async () => true,
    };
  }
}

export function placeOf({ nodeId, incarnation }: AgentIdentity): string {
  return `${nodeId}/${incarnation}`;
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
