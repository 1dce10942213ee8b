// The process behind datagrams.ts: questions as JSON lines on standard input, answers on standard output.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

interface Question {
  readonly op: 'listen' | 'send' | 'received' | 'forget';
  readonly address: string;
  readonly port: number;
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly payload: number;
}

const listening: Socket[] = [];
const received = new Map<string, number>();
let lastArrival = 0;
const settledMs = 25;
const lostMs = 300;

async function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

async function listen({ address, port }: Question): Promise<null> {
  const socket = await bind(address, port);
  socket.on('message', (_, from) => {
    lastArrival = performance.now();
    received.set(from.address, (received.get(from.address) ?? 0) + 1);
  });
  listening.push(socket);
  return null;
}

async function send({ from, to, port, count, payload }: Question): Promise<null> {
  const socket = await bind(from, 0);
  const content = Buffer.alloc(payload);
  const start = performance.now();
  for (let sent = 0; sent < count; sent += 1) {
    // A packet that the gate refuses comes back as an error of the socket; that is an answer too.
    await new Promise((resolve) => socket.send(content, port, to, resolve));
    const due = start + ((sent * payload * 8) / 20e6) * 1000;
    if (due > performance.now() + 1) await sleep(due - performance.now());
  }
  socket.close();
  return null;
}

async function answer(question: Question): Promise<number | null> {
  if (question.op === 'listen') return listen(question);
  if (question.op === 'send') return send(question);
  if (question.op === 'forget') {
    received.clear();
    return null;
  }
  const asked = performance.now();
  for (;;) {
    const count = received.get(question.from) ?? 0;
    const quiet = performance.now() - Math.max(asked, lastArrival);
    if (quiet > (count < question.count ? lostMs : settledMs)) {
      received.delete(question.from);
      return count;
    }
    await sleep(5);
  }
}

for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Question))}\n`);
}
for (const socket of listening) socket.close();
