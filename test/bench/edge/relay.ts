/**
 * `relay.ts FROM TO MS`: passes TCP connections on, each way that many milliseconds later. Stands for distance where
 * the kernel has no netem: bytes arrive late and in order, and none is lost.
 */
import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../../../common/clock.ts';
import { parseHostPort } from '../../../common/host-port.ts';

const [from = '', to = '', delay = ''] = process.argv.slice(2);
const delayMs = Number(delay);

function pass(source: Socket, target: Socket): void {
  const later = (action: () => void) => systemClock.after(delayMs, action);
  source.on('data', (bytes) => later(() => target.write(bytes)));
  source.on('end', () => later(() => target.end()));
  source.on('error', () => target.destroy());
  source.on('close', () => later(() => target.destroy()));
}

const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
  const far = connect({ ...parseHostPort(to), noDelay: true, allowHalfOpen: true });
  pass(near, far);
  pass(far, near);
});
server.listen(parseHostPort(from), () => console.log('relaying'));
