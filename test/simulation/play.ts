import type { Disk } from './disk.ts';
import type { NodeMachine } from './node-machine.ts';
import type { Deed, Step } from './steps.ts';
import { fair } from './way.ts';
import type { World } from './world.ts';

/** Does what a step says, now. What an operator asks for may fail, as the controller may be down. */
export function play(world: World, step: Step, random: () => number): void {
  const { timeline } = world;
  switch (step.kind) {
    case 'traffic':
      return send(world, step, random);
    case 'crash agent':
      return world.nodes[step.node]?.crash(step.downMs);
    case 'crash controller':
      return world.controller.crash(step.downMs);
    case 'disk':
      return arm(diskOf(world, step.machine), step);
    case 'kernel':
      return armKernel(world.nodes[step.node], step);
    case 'partition': {
      const link = world.links[step.node];
      if (link === undefined || link.blocked) return;
      const ways = [];
      if (step.ways !== 'to node') ways.push(link.toController);
      if (step.ways !== 'to controller') ways.push(link.toNode);
      link.block(...ways);
      return timeline.after(step.forMs, () => link.open());
    }
    case 'weather': {
      const link = world.links[step.node];
      const way = step.way === 'to node' ? link?.toNode : link?.toController;
      if (way === undefined) return;
      way.weather = step.weather;
      return timeline.after(step.forMs, () => {
        way.weather = fair;
      });
    }
    case 'clock': {
      const clock =
        step.machine === 'controller' ? world.controllerClock : world.nodes[step.machine]?.options.clock;
      return clock?.step(step.ms);
    }
    case 'blink': {
      const node = world.nodes[step.node];
      const device = [...world.truth.devices.values()][0];
      if (node && device) node.blink = new Set([device.address4]);
      return;
    }
    case 'flush':
      return world.nodes[step.node]?.gate.flush();
    case 'interface lost':
      return world.nodes[step.node]?.loseInterface();
    case 'forget': {
      const device = [...world.truth.devices.values()][step.device];
      if (device) world.nodes[step.node]?.gate.forget(device.address4);
      return;
    }
    case 'power loss':
      return world.nodes[step.node]?.losePower(step.downMs);
    case 'backup':
      return world.backUp();
    case 'restore':
      return world.restore(step.downMs);
    case 'clone':
      return world.clone(step.node);
    case 'add device':
    case 'remove device':
    case 'suspend':
    case 'resume':
    case 'top up':
    case 'refund':
      void operate(world, step).catch(() => undefined);
  }
}

/** Both ways between a device and a node, for a while. */
function send(world: World, step: Extract<Deed, { kind: 'traffic' }>, random: () => number): void {
  const until = world.timeline.now + step.forMs;
  const tick = () => {
    const device = [...world.truth.devices.values()][step.device];
    const node = world.nodes[step.node];
    if (device === undefined || node === undefined || world.timeline.now > until) return;
    const bytes = BigInt(Math.max(40, Math.floor(step.bytes * (0.2 + random()))));
    world.send(node, device, random() < step.upload ? 'upload' : 'download', bytes);
    world.timeline.after(step.everyMs * (0.5 + random()), tick);
  };
  tick();
}

async function operate(world: World, deed: Deed): Promise<void> {
  const { books, truth } = world;
  if (books === undefined) return;
  const subscription = 'subscription' in deed ? [...truth.subscriptions.values()][deed.subscription] : undefined;
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
      subscription.sold += BigInt(deed.bytes);
      await books.catalogue.topUp(subscription.id, { bytes: BigInt(deed.bytes), reason: 'purchase', reference });
      return;
    default:
      return;
  }
}

function diskOf(world: World, machine: number | 'controller'): Disk | undefined {
  return machine === 'controller' ? world.controllerDisk : world.nodes[machine]?.options.disk;
}

function arm(disk: Disk | undefined, step: Extract<Deed, { kind: 'disk' }>): void {
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
