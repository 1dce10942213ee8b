import { isDeepStrictEqual } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import type { GateModel, Pass } from '../../agent/gate/model.ts';
import type { Activity } from '../../agent/grants/activity.ts';
import { idleAfterMs, quietAfterMs } from '../../agent/grants/figures.ts';
import { allowancePerAddress } from '../../common/allowance.ts';
import { type ReportRequest, ReportRequestSchema } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { device, Rig, settings, subscription } from '../unit/agent/rig.ts';
import { inUnits, unit } from './ledger.ts';
import type { AccountFigures, KernelFigures } from './trace.ts';

const one = device(1);
/** At this rate ten seconds use up all that the model ever grants: whoever sends wants more (-DLOW). */
const bytesPerSecond = (4 * Number(unit)) / 10;

/** Seats have no part in the model. */
const said = { ...settings, seatPatienceSeconds: settings.validitySeconds };

/** What is wanted of a node, as the controller's row has it. */
export interface Told {
  readonly granted: bigint;
  readonly recall: number;
  readonly allowance: boolean;
}

/**
 * A node of the model: the agent's core on a journal and a kernel in memory, one round after the other. What a round
 * does to the kernel waits until it is told ({@link apply}), so that traffic and crashes come in between.
 */
export class ModelNode {
  readonly #rig: Rig;
  #held: { readonly done: () => void; readonly round: Promise<void> } | undefined;
  #up = true;
  #boots = 1;

  private constructor(rig: Rig) {
    this.#rig = rig;
    this.#awake();
    const { gate } = rig;
    const apply = gate.apply.bind(gate);
    gate.apply = async (from: GateModel, to: GateModel, validitySeconds: number) => {
      // What is found at a start is put right before it is decided on.
      if (from === rig.memory.gate && !isDeepStrictEqual(passIn(from), passIn(to))) await this.#hold?.();
      await apply(from, to, validitySeconds);
    };
  }

  #hold: (() => Promise<void>) | undefined;

  static async begin(directory: string, told: Told): Promise<ModelNode> {
    const node = new ModelNode(new Rig(directory));
    node.#rig.inbox.settings(said);
    node.#tell(told, true);
    await node.#rig.run({ reading: false });
    // And what it wants is in force.
    node.#rig.inbox.heard(true);
    await node.#rig.run({ reading: false });
    return node;
  }

  /** A unit passes, half of it by each address. */
  use(): void {
    for (const address of [one.address4, one.address6]) {
      if (!this.#rig.gate.carry('upload', address, allowancePerAddress)) throw new Error('it did not pass');
    }
  }

  async beat(): Promise<void> {
    await this.#round(true);
  }

  /** What was journalled comes to the kernel. */
  async apply(): Promise<void> {
    const held = this.#held;
    if (held === undefined) throw new Error('nothing waits to be applied');
    this.#held = undefined;
    held.done();
    await held.round;
  }

  async say(told: Told): Promise<void> {
    this.#tell(told, false);
    await this.#round(false);
  }

  report(): ReportRequest {
    const report = this.pending();
    if (report === undefined) throw new Error('there is no report');
    return report;
  }

  /** What is not acknowledged yet; also of a node that is down. */
  pending(): ReportRequest | undefined {
    const report = this.#rig.inbox.next();
    return report && fromBinary(ReportRequestSchema, report.bytes);
  }

  async acknowledge(): Promise<void> {
    this.#rig.inbox.acknowledged(this.report().number);
    await this.#round(false);
  }

  /** A packet comes and is refused. */
  async knock(): Promise<void> {
    if (this.#rig.gate.carry('upload', one.address4, allowancePerAddress)) throw new Error('it passed');
    this.#rig.inbox.knock([one.id]);
    await this.#round(false);
  }

  /** Some seconds without traffic. */
  async calm(): Promise<void> {
    await this.#pass(quietAfterMs);
  }

  async rest(): Promise<void> {
    await this.#pass(idleAfterMs);
  }

  /** The controller was not heard of for so long that grants end. */
  async expire(): Promise<void> {
    await this.#pass(settings.validitySeconds * 1000);
  }

  crash(): void {
    this.#up = false;
    this.#held = undefined;
    this.#rig.journal.close();
  }

  losePower(): void {
    if (this.#up) this.crash();
    const { gate } = this.#rig;
    this.#boots += 1;
    gate.bootId = `00000000-0000-4000-8000-${String(this.#boots).padStart(12, '0')}`;
    gate.flush();
  }

  async start(): Promise<void> {
    this.#rig.start();
    this.#awake();
    this.#up = true;
    await this.#round(true);
  }

  async figures(): Promise<{ account: AccountFigures; kernel: KernelFigures }> {
    const { journal } = this.#rig;
    const account = this.#rig.account();
    const meter = journal.state.meters.get(one.id);
    return {
      account: {
        granted: inUnits(account.granted),
        used: inUnits((meter?.upload ?? 0n) + (meter?.download ?? 0n)),
        armed: inUnits(account.armed),
        writtenOff: inUnits(account.writtenOff),
        released: inUnits(account.released),
        recall: account.recall,
      },
      kernel: await this.#kernel(),
    };
  }

  end(): void {
    if (this.#up) this.crash();
  }

  async #kernel(): Promise<KernelFigures> {
    const { gate } = this.#rig;
    const epoch = await gate.epoch();
    if (epoch === undefined) return { pass: 'nothing', left: 0 };
    const [{ quotaOf, allowance }, reading] = await Promise.all([gate.observe(), gate.read()]);
    const quota = quotaOf.get(one.address4);
    if (quota !== undefined)
      return { pass: 'quota', left: inUnits(reading?.quotaRemaining.get(quota) ?? 0n) };
    return { pass: allowance.has(one.address4) ? 'allowance' : 'nothing', left: 0 };
  }

  #tell({ granted, recall, allowance }: Told, withDevice: boolean): void {
    const item = subscription(1, { grantedBytes: granted, recall, allowance });
    const nothing = { removedDeviceIds: [], removedSubscriptionIds: [], erasedSubscriptionIds: [] };
    const deltas = [{ ...nothing, subscriptions: [item], devices: withDevice ? [one] : [] }];
    this.#rig.inbox.heard(true);
    // A crash answers nobody.
    void this.#rig.inbox.apply(deltas, 1n).catch(() => undefined);
  }

  async #pass(ms: number): Promise<void> {
    this.#rig.clock.advance(ms);
    if (this.#up && this.#held === undefined) await this.#round(true);
  }

  /** One round; over when it has ended, or waits to change the kernel. */
  async #round(reading: boolean): Promise<void> {
    if (this.#held !== undefined) throw new Error('the round before is not over');
    const waiting = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    this.#hold = async () => {
      this.#hold = undefined;
      waiting.resolve();
      await done.promise;
    };
    const round = this.#rig.reconciler.round({ reading, full: false });
    const waits = await Promise.race([round.then(() => false), waiting.promise.then(() => true)]);
    this.#hold = undefined;
    if (waits) this.#held = { done: done.resolve, round };
  }

  /** What a process has in memory: traffic is always as fast as the model's. */
  #awake(): void {
    Object.assign(this.#rig.memory, { activity: new SteadyActivity() });
  }
}

function passIn({ devices }: GateModel): Pass {
  return devices.get(one.id)?.pass ?? { kind: 'closed' };
}

class SteadyActivity extends Map<string, Activity> {
  override set(key: string, activity: Activity): this {
    return super.set(key, { ...activity, bytesPerSecond });
  }
}
