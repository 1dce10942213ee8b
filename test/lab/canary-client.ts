/**
 * A customer's program: asks DNS servers for a name, over and over, and keeps what it sent in a file of its own, with the
 * addresses as the kernel sees them. Arguments: file, name, bytes of each packet, addresses to ask.
 */
import { createSocket } from 'node:dgram';
import { appendFileSync } from 'node:fs';

const [file = '', name = '', size = '0', ...servers] = process.argv.slice(2);

const labels = name
  .split('.')
  .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
const question = Buffer.concat([
  Buffer.from('7a7a01000001000000000000', 'hex'),
  ...labels,
  Buffer.from('0000010001', 'hex'),
]);
const packet = Buffer.concat([question, Buffer.alloc(Math.max(0, Number(size) - question.length))]);

const sockets = servers.map((server) => {
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
  // A customer does not care which of them answers, nor whether there is a way just now.
  socket.on('error', () => undefined);
  return { server, socket };
});
let sent = 0;
setInterval(() => {
  for (const { server, socket } of sockets) {
    socket.send(packet, 53, server, () => undefined);
    if (sent === 0) appendFileSync(file, Buffer.concat([Buffer.from(`${server} `), packet]));
  }
  sent += 1;
}, 20);
