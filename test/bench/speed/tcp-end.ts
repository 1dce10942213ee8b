// The process behind tcp.ts: questions as JSON lines on standard input, answers on standard output.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Question {
  readonly op: 'listen' | 'open' | 'received' | 'close';
  readonly address: string;
  readonly port: number;
  readonly streams: number;
  readonly direction: 'up' | 'down';
}

const chunk = Buffer.alloc(65_536);
const open = new Set<Socket>();
let received = 0;

function keep(socket: Socket): void {
  open.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => open.delete(socket));
}

function pump(socket: Socket): void {
  const write = () => {
    while (!socket.destroyed && socket.write(chunk)) {
      // Until the kernel has enough.
    }
  };
  socket.on('drain', write);
  write();
}

function count(socket: Socket): void {
  socket.on('data', (data) => {
    received += data.length;
  });
}

async function answer({ op, address, port, streams, direction }: Question): Promise<number | null> {
  switch (op) {
    case 'listen': {
      // The first byte says who sends from then on.
      const server = createServer((socket) => {
        keep(socket);
        socket.once('data', (first) => (String(first).startsWith('d') ? pump(socket) : count(socket)));
      });
      server.listen(port, address);
      await once(server, 'listening');
      return null;
    }
    case 'open':
      for (let number = 0; number < streams; number += 1) {
        const socket = connect(port, address);
        keep(socket);
        await once(socket, 'connect');
        socket.write(direction === 'down' ? 'd' : 'u');
        if (direction === 'down') count(socket);
        else setTimeout(() => pump(socket), 200);
      }
      return null;
    case 'received':
      return received;
    case 'close':
      for (const socket of open) socket.resetAndDestroy();
      return null;
  }
}

for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Question))}\n`);
}
process.exit();
