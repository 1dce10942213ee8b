import type { Disk } from './disk.ts';
import type { NodeMachine } from './node-machine.ts';
import type { Deed, Step } from './steps.ts';
import type { MachineClock } from './timeline.ts';
import { fair } from './way.ts';
import type { World } from './world.ts';

/** Does what a step says, now. What an operator asks for may fail, as the controller may be down. */
export function play(world: World, step: Step, random: () => number): void {
  const node = 'node' in step ? world.nodes[step.node] : undefined;
  const device = 'device' in step ? [...world.truth.devices.values()][step.device] : undefined;
  switch (step.kind) {
    case 'traffic':
      send(world, step, random);
      break;
    case 'crash agent':
      node?.crash(step.downMs);
      break;
    case 'crash controller':
      world.controller.crash(step.downMs);
      break;
    case 'disk':
      armDisk(diskOf(world, step.machine), step);
      break;
    case 'kernel':
      armKernel(node, step);
      break;
    case 'partition':
      part(world, step);
      break;
    case 'weather':
      change(world, step);
      break;
    case 'clock':
      clockOf(world, step.machine)?.step(step.ms);
      break;
    case 'blink':
      node?.blinkOnce();
      break;
    case 'flush':
      node?.gate.flush();
      break;
    case 'interface lost':
      node?.loseInterface();
      break;
    case 'forget':
      if (device) node?.gate.forget(device.address4);
      break;
    case 'power loss':
      node?.losePower(step.downMs);
      break;
    case 'backup':
      world.backUp();
      break;
    case 'restore':
      world.restore(step.downMs);
      break;
    case 'state lost':
      node?.loseState();
      joinAnew(world, node);
      break;
    case 'clone':
      world.clone(step.node);
      break;
    case 'add device':
    case 'remove device':
    case 'suspend':
    case 'resume':
    case 'top up':
    case 'refund':
    case 'change tariff':
    case 'enforcement':
      void operate(world, step).catch(() => undefined);
  }
}

/** As soon as the controller is there. */
function joinAnew(world: World, node: NodeMachine | undefined): void {
  if (node === undefined) return;
  const again = () => world.timeline.after(1000, () => joinAnew(world, node));
  if (world.books === undefined) again();
  else world.enrolAgain(node).catch(again);
}

function part({ links, timeline }: World, step: Extract<Deed, { kind: 'partition' }>): void {
  const link = links[step.node];
  if (link === undefined || link.blocked) return;
  const ways = {
    both: [link.toController, link.toNode],
    'to controller': [link.toController],
    'to node': [link.toNode],
  };
  link.block(...ways[step.ways]);
  timeline.after(step.forMs, () => link.open());
}

function change({ links, timeline }: World, step: Extract<Deed, { kind: 'weather' }>): void {
  const link = links[step.node];
  const way = step.way === 'to node' ? link?.toNode : link?.toController;
  if (way === undefined) return;
  way.weather = step.weather;
  timeline.after(step.forMs, () => {
    way.weather = fair;
  });
}

/** Both ways between a device and a node, for a while. */
function send(world: World, step: Extract<Deed, { kind: 'traffic' }>, random: () => number): void {
  const until = world.timeline.now + step.forMs;
  const tick = () => {
    const device = [...world.truth.devices.values()][step.device];
    const node = world.nodes[step.node];
    if (world.timeline.now > until) return;
    if (device === undefined || node === undefined) return world.timeline.after(1000, tick);
    const bytes = BigInt(Math.max(40, Math.floor(step.bytes * (0.2 + random()))));
    world.send(node, device, random() < step.upload ? 'upload' : 'download', bytes);
    world.timeline.after(step.everyMs * (0.5 + random()), tick);
  };
  tick();
}

type Operation = Extract<
  Deed,
  {
    kind:
      | 'add device'
      | 'remove device'
      | 'suspend'
      | 'resume'
      | 'top up'
      | 'refund'
      | 'change tariff'
      | 'enforcement';
  }
>;

async function operate(world: World, deed: Operation): Promise<void> {
  const { books, truth } = world;
  if (books === undefined) return;
  const subscription =
    'subscription' in deed ? [...truth.subscriptions.values()][deed.subscription] : undefined;
  const reference = `paid ${world.timeline.now}`;
  switch (deed.kind) {
    case 'add device':
      if (subscription) await world.addDevice(subscription.id);
      return;
    case 'remove device': {
      const device = [...truth.devices.values()][deed.device];
      if (device === undefined) return;
      await books.catalogue.removeDevice(device.id);
      device.removed = true;
      device.revokedAt = world.revision();
      return;
    }
    case 'suspend':
      if (subscription === undefined) return;
      await books.catalogue.suspend(subscription.id, { reason: 'test' });
      if (world.observes) return;
      for (const id of subscription.devices) {
        const device = truth.devices.get(id);
        if (device) device.revokedAt ??= world.revision();
      }
      return;
    case 'resume':
      if (subscription === undefined) return;
      for (const id of subscription.devices) {
        const device = truth.devices.get(id);
        if (device && !device.removed) device.revokedAt = undefined;
      }
      await books.catalogue.resume(subscription.id);
      return;
    case 'top up':
      if (subscription === undefined) return;
      subscription.packs += BigInt(deed.bytes);
      await books.catalogue.topUp(subscription.id, {
        bytes: BigInt(deed.bytes),
        reason: 'purchase',
        reference,
      });
      return;
    case 'refund':
      if (subscription === undefined) return;
      await books.catalogue.refund(subscription.id, {
        bytes: BigInt(deed.bytes),
        reason: 'goodwill',
        reference,
      });
      return;
    case 'change tariff':
      if (subscription) await world.changeTariff(subscription, deed);
      return;
    case 'enforcement':
      for (const one of truth.subscriptions.values()) one.beyond = 'freely';
      // Where limits are only observed, who is suspended passes.
      for (const device of truth.devices.values()) if (!device.removed) device.revokedAt = undefined;
      world.observes = true;
      await books.catalogue.setEnforcement({ enforcement: deed.to });
      world.observes = deed.to === 'observe';
      return;
  }
}

function clockOf(world: World, machine: number | 'controller'): MachineClock | undefined {
  return machine === 'controller' ? world.controllerClock : world.nodes[machine]?.options.clock;
}

function diskOf(world: World, machine: number | 'controller'): Disk | undefined {
  return machine === 'controller' ? world.controllerDisk : world.nodes[machine]?.options.disk;
}

function armDisk(disk: Disk | undefined, step: Extract<Deed, { kind: 'disk' }>): void {
  if (disk === undefined) return;
  let waiting = step.nth;
  let times = step.times;
  disk.trouble = (operation) => {
    if (operation !== step.operation) return undefined;
    waiting -= 1;
    if (waiting > 0 || times <= 0) return undefined;
    times -= 1;
    return step.how;
  };
}

function armKernel(node: NodeMachine | undefined, step: Extract<Deed, { kind: 'kernel' }>): void {
  if (node === undefined) return;
  let waiting = step.nth;
  node.trouble = () => {
    waiting -= 1;
    return waiting === 0 ? step.how : undefined;
  };
}

/** Nothing disturbs the world any more. */
export function heal(world: World): void {
  for (const link of world.links) {
    link.open();
    link.toController.weather = fair;
    link.toNode.weather = fair;
  }
  world.controllerDisk.trouble = () => undefined;
  world.controller.release();
  for (const node of world.nodes) {
    node.options.disk.trouble = () => undefined;
    node.trouble = () => undefined;
    node.release();
  }
}
