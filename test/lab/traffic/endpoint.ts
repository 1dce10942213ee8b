/**
 * The traffic's own end: a UDP program that runs in a namespace of the lab, sends paced datagrams and counts what it
 * receives. `serve PORT` is the internet's server for all flows; `client` opens one socket per flow. Orders and figures
 * go over the IPC channel; when that closes, it ends.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { due, type Pace } from './pacer.ts';
import { type Answer, type FlowFigures, headerBytes, machineMilliseconds, type Order } from './protocol.ts';

interface Flow {
  readonly figures: { -readonly [key in keyof FlowFigures]: FlowFigures[key] };
  socket: Socket | undefined;
  /** The server learns it from the flow's latest datagram. */
  peer: { address: string; port: number } | undefined;
  filling: Buffer;
  pace: Pace | undefined;
}

const flows = new Map<number, Flow>();
let markedAt = machineMilliseconds();

function flowOf(number: number): Flow {
  let flow = flows.get(number);
  if (!flow) {
    const figures = { flow: number, sentDatagrams: 0, sentBytes: 0, receivedDatagrams: 0, receivedBytes: 0 };
    const nothing = { socket: undefined, peer: undefined, filling: Buffer.alloc(0), pace: undefined };
    flow = { figures: { ...figures, lastReceivedAt: 0, longestSilenceMs: 0 }, ...nothing };
    flows.set(number, flow);
  }
  return flow;
}

async function listen(family: 'udp4' | 'udp6', port: number): Promise<Socket> {
  const socket = createSocket({ type: family, ipv6Only: family === 'udp6' });
  // A program that waits for the processor must not lose datagrams that the gate has let through and counted.
  socket.bind(port, () => socket.setRecvBufferSize(4 << 20));
  socket.on('message', (message, from) => {
    if (message.length < headerBytes) return;
    const flow = flowOf(message.readUInt32BE(0));
    flow.figures.receivedDatagrams += 1;
    flow.figures.receivedBytes += message.length;
    const now = machineMilliseconds();
    const silence = now - Math.max(flow.figures.lastReceivedAt, markedAt);
    flow.figures.longestSilenceMs = Math.max(flow.figures.longestSilenceMs, silence);
    flow.figures.lastReceivedAt = now;
    flow.socket = socket;
    flow.peer = { address: from.address, port: from.port };
  });
  await once(socket, 'listening');
  return socket;
}

function sendOne(flow: Flow): void {
  if (!flow.socket || !flow.peer) return;
  const { length } = flow.filling;
  flow.socket.send(flow.filling, flow.peer.port, flow.peer.address, (error) => {
    // Not sent, not counted: there is no way, or the way is closed by this host itself.
    if (error) return;
    flow.figures.sentDatagrams += 1;
    flow.figures.sentBytes += length;
  });
}

function fill(flow: Flow, payloadBytes: number): void {
  if (flow.filling.length === payloadBytes) return;
  flow.filling = Buffer.alloc(payloadBytes, 'turnpike');
  flow.filling.writeUInt32BE(flow.figures.flow, 0);
}

function tick(): void {
  const now = machineMilliseconds();
  for (const flow of flows.values()) {
    if (!flow.pace) continue;
    const { count, pace } = due(flow.pace, now);
    flow.pace = pace;
    for (let i = 0; i < count; i++) sendOne(flow);
  }
}

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'open': {
      const flow = flowOf(order.flow);
      flow.socket = await listen(isIPv6(order.address) ? 'udp6' : 'udp4', 0);
      flow.peer = { address: order.address, port: order.port };
      return;
    }
    case 'knock': {
      const flow = flowOf(order.flow);
      fill(flow, order.payloadBytes);
      return sendOne(flow);
    }
    case 'send': {
      const flow = flowOf(order.flow);
      fill(flow, order.payloadBytes);
      const { datagramsPerSecond } = order;
      flow.pace = { datagramsPerSecond, sentInRun: 0, startedAt: machineMilliseconds() };
      return;
    }
    case 'rest':
      flowOf(order.flow).pace = undefined;
      return;
    case 'mark':
      markedAt = machineMilliseconds();
      for (const { figures } of flows.values()) figures.longestSilenceMs = 0;
      return;
    case 'snapshot':
      return answer({
        kind: 'snapshot',
        request: order.request,
        flows: [...flows.values()].map(({ figures }) => figures),
      });
  }
}

function answer(value: Answer): void {
  process.send?.(value);
}

const port = Number(process.argv[2] ?? 0);
if (port > 0) {
  await listen('udp4', port);
  await listen('udp6', port);
}
// Orders are obeyed one after the other: a flow must be open before it can send.
let queue = Promise.resolve();
process.on('message', (order: Order) => {
  queue = queue.then(() => obey(order));
});
process.on('disconnect', () => process.exit());
setInterval(tick, 2);
answer({ kind: 'serving', port });
