import { join } from 'node:path';
import { CommandError } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { fleet } from './authority.ts';
import { interpose } from './disk.ts';
import { drawFrom } from './entropy.ts';
import { memoryDirectory } from './memory-directory.ts';
import { heal, play } from './play.ts';
import { Random } from './random.ts';
import { otherTariffs, type Plan, playMs, type Step } from './steps.ts';
import type { SubscriptionTruth } from './truth.ts';
import { Broken, Watch } from './watch.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly plan: Plan;
  /** What was broken, when something was. */
  readonly broken: string | undefined;
  /** In bytes, when all was quiet: accepted less what was billed, passed beyond the volume, spoken for and unused, written off. */
  readonly acceptedMinusBilled: bigint;
  readonly overshoot: bigint;
  readonly stranded: bigint;
  readonly writtenOff: bigint;
  readonly events: number;
  /** The same for the same plan. */
  readonly trace: string;
}

/** What takes the kernel's counters along: what they held since the last reading is written off. */
const destructive: ReadonlySet<Step['kind']> = new Set([
  'flush',
  'forget',
  'power loss',
  'clone',
  'state lost',
]);
const quietMs = 8_000;
const mostQuietMs = 150_000;
/** A seat is free a minute after the last traffic that its node knows of. */
const mostClosedMs = 80_000;

let worlds = 0;

/** Plays a plan from the beginning to the time when all is quiet. */
export async function runPlan(plan: Plan, memory = memoryDirectory()): Promise<Outcome> {
  interpose();
  worlds += 1;
  await fleet();
  drawFrom(new Random(plan.seed, 'ids'));
  const world = new World({
    incarnations: 1 + plan.steps.filter(({ kind }) => kind === 'state lost' || kind === 'clone').length,
    ...{ seed: plan.seed, nodes: plan.nodes, validitySeconds: plan.validitySeconds, periodMs: plan.periodMs },
    directory: join(memory, `turnpike-sim-${process.pid}-${worlds}`),
  });
  const watch = new Watch(world);
  watch.lossAllowed = plan.steps.some(({ kind }) => destructive.has(kind));
  let broken: string | undefined;
  try {
    await live(world, watch, plan);
  } catch (error) {
    broken = error instanceof Broken ? error.message : `${(error as Error).stack}`;
  } finally {
    drawFrom(undefined);
  }
  const outcome = { plan, broken, ...figures(world, watch) };
  world.end();
  return outcome;
}

async function live(world: World, watch: Watch, plan: Plan): Promise<void> {
  const failures: unknown[] = [];
  const check = () => {
    watch.afterEvent();
    if (failures.length > 0) throw failures[0];
  };
  world.onFailure = (error) => {
    if (!isWorldly(error)) failures.push(error);
  };
  await world.begin();
  await world.addTariffs(otherTariffs);
  for (const { tariff, devices } of plan.subscriptions) await world.addSubscription(tariff, devices);
  world.onMachine = (node) => watch.follow(node);
  world.onRestored = () => watch.forget();
  for (const node of world.nodes) {
    watch.follow(node);
    node.start();
  }
  const random = new Random(plan.seed, 'traffic');
  const beganAt = world.timeline.now;
  for (const step of plan.steps) world.timeline.after(step.at, () => play(world, step, () => random.next()));
  await world.timeline.run(beganAt + playMs, check);
  heal(world);
  await endClones(world, check);
  watch.calmSince = world.timeline.now;
  await settle(world, watch, check);
  for (const subscription of world.truth.subscriptions.values()) await service(world, subscription, check);
  await settle(world, watch, check);
}

/** What passed is billed, once all is quiet. */
async function settle(world: World, watch: Watch, check: () => void): Promise<void> {
  const { timeline } = world;
  const until = timeline.now + mostQuietMs;
  await timeline.run(timeline.now + quietMs, check);
  while (difference(world, watch) !== undefined && timeline.now < until) {
    await timeline.run(timeline.now + 5_000, check);
  }
  const left = difference(world, watch);
  if (left !== undefined) throw new Broken(left);
}

/** Who is told that there is service has it, on every node. */
async function service(world: World, { id, devices }: SubscriptionTruth, check: () => void): Promise<void> {
  const { timeline, truth } = world;
  // By the books: of a removal whose answer was lost nobody else knows.
  const served = new Set(
    world
      .rows<{ id: string }>(`SELECT id FROM devices WHERE subscription_id = '${id}' AND removed_at IS NULL`)
      ?.map((row) => row.id),
  );
  const device = truth.devices.get(devices.find((one) => served.has(one)) ?? '');
  if (device === undefined) return;
  for (const node of world.nodes) {
    if (node.clone) continue;
    const until = timeline.now + mostClosedMs;
    const shown = await world.books?.catalogue.getSubscription(id);
    const { access, remainingBytes = 0n } = shown ?? {};
    if (access?.state !== 'open' || (remainingBytes !== null && remainingBytes < 1_000_000n)) return;
    while (!world.send(node, device, 'upload', 300n)) {
      if (timeline.now > until) throw new Broken(`${device.id} may pass and does not on ${node.name}`);
      await timeline.run(timeline.now + 500, check);
    }
  }
}

/** The operator switches the copy off, and lets the node join anew. */
async function endClones(world: World, check: () => void): Promise<void> {
  const [node, copy] = world.nodes.filter(({ clone }) => clone);
  if (node === undefined || copy === undefined) return;
  await world.timeline.run(world.timeline.now + 15_000, check);
  copy.hold();
  while (world.books === undefined) await world.timeline.run(world.timeline.now + 1_000, check);
  await world.enrolAgain(node);
}

/** An error that the world made, and that a process may well end with. */
function isWorldly(error: unknown): boolean {
  return error instanceof CommandError || (error instanceof TurnpikeError && error.code !== 'internal');
}

/** What is not settled yet between what passed and what is billed; undefined when all is. */
function difference(world: World, watch: Watch): string | undefined {
  const { truth } = world;
  if (world.books === undefined) return 'the controller does not run';
  const usage = billed(world);
  const known = new Set(world.rows<{ id: string }>('SELECT id FROM devices')?.map(({ id }) => id));
  const lost = new Map<string, bigint>();
  for (const [place, accepted] of truth.all) {
    const booked = usage.get(place) ?? 0n;
    const missing = accepted.upload + accepted.download - booked;
    const device = truth.devices.get(place.split(' ')[1] ?? '');
    // Sold after the backup, and forgotten with the rest.
    if (device && watch.forgotten && !known.has(device.id)) continue;
    const id = device?.subscriptionId ?? '';
    if (missing !== 0n) lost.set(id, (lost.get(id) ?? 0n) + missing);
  }
  for (const [id, bytes] of lost) {
    // What passes beyond a grant was never armed, so of lost counters nothing says how much it was.
    if (watch.lossAllowed && truth.subscriptions.get(id)?.beyond !== 'nothing') continue;
    const may = writtenOff(world, id);
    if (bytes > may) return `${bytes} bytes of ${id} passed and are neither billed nor written off (${may})`;
  }
  if (!watch.lossAllowed && totalWrittenOff(world) > 0n)
    return 'something was written off, and no counter was lost';
  return undefined;
}

function billed(world: World): Map<string, bigint> {
  const usage = new Map<string, bigint>();
  for (const row of world.rows<{ place: string; bytes: bigint }>(
    "SELECT node_id || '/' || incarnation || ' ' || device_id AS place, upload + download AS bytes FROM usage",
  ) ?? []) {
    usage.set(row.place, (usage.get(row.place) ?? 0n) + row.bytes);
  }
  return usage;
}

function writtenOff(world: World, id: string): bigint {
  return (
    world.rows<{ bytes: bigint | null }>(
      `SELECT sum(written_off) AS bytes FROM grants WHERE subscription_id = '${id}'`,
    )?.[0]?.bytes ?? 0n
  );
}

function totalWrittenOff(world: World): bigint {
  return [...world.truth.subscriptions.keys()].reduce((sum, id) => sum + writtenOff(world, id), 0n);
}

function figures(world: World, watch: Watch) {
  const usage = [...billed(world).values()].reduce((sum, bytes) => sum + bytes, 0n);
  const ids = [...world.truth.subscriptions.keys()];
  const accepted = ids.reduce((sum, id) => sum + world.truth.accepted(id), 0n);
  const outstanding =
    world.rows<{ bytes: bigint | null }>(
      'SELECT sum(granted - used - written_off - released) AS bytes FROM grants',
    )?.[0]?.bytes ?? 0n;
  return {
    acceptedMinusBilled: accepted - usage,
    overshoot: watch.overshoot,
    stranded: outstanding,
    writtenOff: totalWrittenOff(world),
    events: world.timeline.events,
    trace: `${world.timeline.events} ${accepted} ${usage} ${outstanding} ${world.revision()}`,
  };
}
