/**
 * Many nodes in one program, each with the product's agent on a kernel in memory, and one device that travels between
 * them. Orders come over the IPC channel; when that closes, it ends.
 */
import { systemClock } from '../../../common/clock.ts';
import type { Answer, CarriedDevice, Order } from './protocol.ts';
import { SimulatedNode } from './simulated-node.ts';
import { type Arrival, holdingOf, patienceMs } from './visit.ts';

/** One datagram with its IP header, as the real devices send them. */
const packetBytes = 1228;
/** As WireGuard counts: padded to 16, and its own header. */
const wirePacketBytes = 1232 + 32;
const handshakeBytes = 148;
const tickMs = 2;

interface Visit {
  readonly node: SimulatedNode;
  readonly device: CarriedDevice;
  readonly startedAt: number;
  sent: number;
}

let nodes: SimulatedNode[] = [];
let visit: Visit | undefined;
let carried = 0;
let firstPassed: ((delayMs: number | undefined) => void) | undefined;

async function arrive(node: SimulatedNode, device: CarriedDevice): Promise<Arrival> {
  const holding = holdingOf(device.address4, await node.gate.observe());
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  firstPassed = resolve;
  node.received(device.publicKey, handshakeBytes, true);
  visit = { node, device, startedAt: systemClock.monotonic(), sent: 0 };
  const patience = systemClock.after(patienceMs, () => resolve(undefined));
  const delayMs = await promise;
  patience.cancel();
  return { holding, delayMs };
}

/** What the device would have sent by now; it does not mind whether it passes. */
function send(at: Visit): void {
  const { node, device, startedAt } = at;
  const elapsedMs = systemClock.monotonic() - startedAt;
  const due = 1 + Math.floor((elapsedMs / 1000) * (device.bytesPerSecond / packetBytes));
  // WireGuard receives it either way.
  node.received(device.publicKey, (due - at.sent) * wirePacketBytes, false);
  for (; at.sent < due; at.sent += 1) {
    if (!node.gate.carry('upload', device.address4, BigInt(packetBytes))) continue;
    carried += packetBytes;
    firstPassed?.(elapsedMs);
    firstPassed = undefined;
  }
}

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'join': {
      const { folder, joinWords } = order;
      nodes = joinWords.map((_words, index) => new SimulatedNode(folder, index + 1));
      await Promise.all(nodes.map((node, index) => node.start(joinWords[index] ?? [])));
      return answer({ kind: 'joined' });
    }
    case 'arrive': {
      const node = nodes[order.node];
      if (!node) throw new Error(`there is no simulated node ${order.node}`);
      return answer({ kind: 'arrived', request: order.request, arrival: await arrive(node, order.device) });
    }
    case 'leave':
      visit = undefined;
      return answer({ kind: 'left', request: order.request, carried });
  }
}

function answer(value: Answer): void {
  process.send?.(value);
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
setInterval(() => {
  if (visit) send(visit);
}, tickMs);
