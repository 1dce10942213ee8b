import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../common/clock.ts';
import {
  CommandError,
  type CommandOptions,
  type CommandRunner,
  type LineStream,
} from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { unexpected } from '../netlink/attributes.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import type { Change } from './change.ts';
import { renderCreate, renderReframe } from './frame.ts';
import { KernelTable } from './kernel-table.ts';
import type {
  Bell,
  DeviceCounters,
  Epoch,
  Gate,
  GateEvent,
  GateFrame,
  GateModel,
  GateReading,
  ObservedGate,
} from './model.ts';
import { bellObject, bellOf, quotaName, tableName } from './names.ts';
import { observeTable } from './observe.ts';
import { planChanges, planRenewal } from './plan.ts';
import { renderChanges, type Times } from './render.ts';
import { watchMonitor } from './watch.ts';

export interface NftGateOptions {
  readonly run: CommandRunner;
  readonly stream: (argv: readonly [string, ...string[]], onLine: (line: string) => void) => LineStream;
  /** Where the table is read, in the same network namespace in which `run` starts nft. */
  readonly open: () => NetlinkSocket;
  readonly clock: Clock;
}

type Disarm = Extract<Change, { kind: 'disarm' }>;

const bootIdFile = '/proc/sys/kernel/random/boot_id';

/** The gate in the kernel: changed by the `nft` program, read without it. */
export class NftGate implements Gate {
  readonly #options: NftGateOptions;
  // Of the last commands that we ran; a monitor tells who made a change by process id.
  readonly #ownPids: number[] = [];
  // Quotas that nothing of ours points to any more and that could not be deleted yet.
  #leftQuotas: readonly Disarm[] = [];

  constructor(options: NftGateOptions) {
    this.#options = options;
  }

  async epoch(): Promise<Epoch | undefined> {
    const table = await this.#table().life();
    if (table === undefined) return undefined;
    return { bootId: await readBootId(), table };
  }

  async create(frame: GateFrame): Promise<Epoch> {
    const tag = randomBytes(8).toString('hex');
    await this.#create(renderCreate(frame, tag));
    this.#leftQuotas = [];
    const epoch = await this.epoch();
    // Another tag: somebody loaded a saved copy of an older table in between. Its counters are not ours to read.
    if (epoch === undefined || lifeTag(epoch.table) !== tag) {
      throw new TurnpikeError('environment', 'the nftables table was replaced as soon as it was made', {
        remedy: 'leave the table "inet turnpike" out of the rulesets that are loaded on this machine',
      });
    }
    return epoch;
  }

  async reframe(frame: GateFrame): Promise<void> {
    await this.#script(renderReframe(frame));
  }

  async observe(): Promise<ObservedGate> {
    return observeTable(this.#table());
  }

  async apply(from: GateModel, to: GateModel, validitySeconds: number): Promise<void> {
    const now = this.#options.clock.monotonic();
    await this.#change(planChanges(from, to, now), { validitySeconds, now });
  }

  async renew(model: GateModel, validitySeconds: number): Promise<void> {
    const now = this.#options.clock.monotonic();
    await this.#change(planRenewal(model, now), { validitySeconds, now });
  }

  async read(signal?: AbortSignal): Promise<GateReading | undefined> {
    const kernel = this.#table(signal);
    const bootId = await readBootId();
    const table = await kernel.life();
    if (table === undefined) return undefined;
    try {
      // Quotas before counters: what passes in between is in the counters, and not missing from both.
      const quotaRemaining = await remaining(kernel);
      const counters = new Map<string, DeviceCounters>();
      for (const family of [4, 6]) await readCounters(kernel, family, counters);
      if ((await kernel.life()) !== table) return undefined;
      return { epoch: { bootId, table }, quotaRemaining, counters };
    } catch (error) {
      // Somebody takes it away just now.
      if (error instanceof TurnpikeError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async remove(): Promise<void> {
    // Made first, so that it can be deleted whether it was there or not.
    await this.#script(`table inet ${tableName} {}\ndelete table inet ${tableName}\n`);
  }

  async resetBell(bell: Bell): Promise<void> {
    await this.#nft(['reset', 'quota', 'inet', tableName, bellObject(bell)]);
  }

  watch(onEvent: (event: GateEvent) => void): { readonly ended: Promise<void>; stop(): void } {
    const { stream, clock } = this.#options;
    return watchMonitor((onLine) => stream(['nft', 'monitor'], onLine), {
      clock,
      isOwn: (pid) => this.#ownPids.includes(pid),
      onEvent,
    });
  }

  #table(signal?: AbortSignal): KernelTable {
    return new KernelTable(this.#options.open, signal);
  }

  async #change(changes: readonly Change[], times: Times): Promise<void> {
    if (changes.length === 0) return;
    const named = new Set(changes.map((change) => (change.kind === 'disarm' ? change.quota : undefined)));
    const left = this.#leftQuotas.filter(({ quota }) => !named.has(quota));
    this.#leftQuotas = [];
    const script = renderChanges([...changes, ...left], times);
    try {
      // A packet may take a mark away just between the two commands that would: then it is gone, and all else is as before.
      await this.#script(script).catch((error: unknown) => {
        if (!isMissing(error) || !changes.some(({ kind }) => kind === 'hear')) throw error;
        return this.#script(script);
      });
    } catch (error) {
      // An element whose time has ended holds on to its quota until the kernel sweeps it up, a second later or so.
      if (!(error instanceof CommandError && error.said(/Device or resource busy/))) throw error;
      const others = changes.filter((change) => change.kind !== 'disarm');
      await this.#script(renderChanges(others, times));
      this.#leftQuotas = [...left, ...changes.filter((change) => change.kind === 'disarm')];
    }
  }

  async #create(script: string): Promise<void> {
    try {
      await this.#script(script);
    } catch (error) {
      if (!(error instanceof CommandError && error.said(/syntax error|not supported|No such file/)))
        throw error;
      throw new TurnpikeError('environment', 'this nft or this kernel does not take the nftables table', {
        remedy:
          'install nftables 1.0.6 or newer and a kernel of 6.1 or newer; turnpike-agent doctor says more',
        cause: error,
      });
    }
  }

  async #script(input: string): Promise<void> {
    await this.#nft(['-f', '-'], { input });
  }

  async #nft(
    args: readonly string[],
    options: Pick<CommandOptions, 'input' | 'signal'> = {},
  ): Promise<string> {
    const onStart = (pid: number) => {
      this.#ownPids.push(pid);
      if (this.#ownPids.length > 32) this.#ownPids.shift();
    };
    try {
      return await this.#options.run(['nft', ...args], { ...options, onStart, timeoutMs: 120_000 });
    } catch (error) {
      if (error instanceof CommandError && error.message.endsWith('is not installed')) {
        throw new TurnpikeError('environment', 'nft is not installed', { remedy: 'apt install nftables' });
      }
      if (error instanceof CommandError && error.said(/Operation not permitted|you must be root/)) {
        throw new TurnpikeError('environment', 'nft may not change the ruleset', {
          remedy: 'run turnpike-agent as root, or with CAP_NET_ADMIN',
        });
      }
      throw error;
    }
  }
}

async function readBootId(): Promise<string> {
  return (await readFile(bootIdFile, 'utf8')).trim();
}

function isMissing(error: unknown): boolean {
  return error instanceof CommandError && error.said(/No such file or directory/);
}

/** The part of a life that the table was made with. */
function lifeTag(life: string): string {
  return life.split('/')[0] ?? '';
}

async function remaining(kernel: KernelTable): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const { name, bytes, used } of await kernel.quotas()) {
    if (bellOf(name) === undefined) found.set(quotaName(name), used > bytes ? 0n : bytes - used);
  }
  return found;
}

async function readCounters(
  kernel: KernelTable,
  family: number,
  counters: Map<string, DeviceCounters>,
): Promise<void> {
  const uploads = await kernel.elements(`up${family}`);
  const downloads = new Map(
    (await kernel.elements(`down${family}`)).map(({ address, counted }) => [address, counted]),
  );
  for (const { address, counted: upload } of uploads) {
    if (upload === undefined) throw unexpected(`up${family} has no counters`);
    counters.set(address, { upload, download: downloads.get(address) ?? 0n });
  }
}
