import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Crowd } from './crowd.ts';

class FakeSocket extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;
  readonly remotePort: number;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

let port = 0;
function come(crowd: Crowd, address: string): FakeSocket {
  port += 1;
  const socket = new FakeSocket(address, port);
  crowd.enter(socket as unknown as Socket);
  return socket;
}
const nameOf = ({ remoteAddress, remotePort }: FakeSocket) => `${remoteAddress}:${remotePort}`;
const limits = { connections: 6, perNetwork: 4, strangers: 5 };

it('where there is no room, the oldest stranger of the network with most of them makes way', () => {
  const crowd = new Crowd(limits);
  const many = [1, 2, 3].map(() => come(crowd, '192.0.2.1'));
  const few = [come(crowd, '192.0.2.2'), come(crowd, '192.0.2.3'), come(crowd, '192.0.2.4')];
  expect([...many, ...few].map(({ destroyed }) => destroyed)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});

it('a network that is at its limit makes room for itself, and takes none of others', () => {
  const crowd = new Crowd({ ...limits, strangers: 100 });
  const other = come(crowd, '192.0.2.2');
  const many = [1, 2, 3, 4, 5].map(() => come(crowd, '192.0.2.1'));
  expect(other.destroyed).toBe(false);
  expect(many.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false, false]);
});

it('who is known never makes way, and who comes when all are known is refused', () => {
  const crowd = new Crowd(limits);
  const known = [1, 2, 3, 4].map(() => come(crowd, '192.0.2.1'));
  for (const one of known) crowd.know(nameOf(one));
  expect(come(crowd, '192.0.2.1').destroyed).toBe(true);
  expect(known.some(({ destroyed }) => destroyed)).toBe(false);
});

it('who was known is a stranger again once nothing shows who he is', () => {
  const crowd = new Crowd({ ...limits, connections: 1 });
  const first = come(crowd, '192.0.2.1');
  const [one, other] = [crowd.know(nameOf(first)), crowd.know(nameOf(first))];
  one();
  come(crowd, '192.0.2.2');
  expect(first.destroyed).toBe(false);
  other();
  come(crowd, '192.0.2.2');
  expect(first.destroyed).toBe(true);
});

it('an IPv6 network of 64 bits is one, and IPv4 written as IPv6 is IPv4', () => {
  const crowd = new Crowd({ ...limits, perNetwork: 1 });
  const first = [come(crowd, '2001:db8::1'), come(crowd, '::ffff:192.0.2.1')];
  const second = [come(crowd, '2001:db8::2:3:4'), come(crowd, '192.0.2.1')];
  expect(first.every(({ destroyed }) => destroyed)).toBe(true);
  expect(second.some(({ destroyed }) => destroyed)).toBe(false);
});

it('who leaves makes room, once, also when it was ended by us', () => {
  const counts: number[] = [];
  const crowd = new Crowd({ ...limits, connections: 1 }, (count) => counts.push(count));
  const first = come(crowd, '192.0.2.1');
  const second = come(crowd, '192.0.2.2');
  first.emit('close');
  expect(first.destroyed).toBe(true);
  second.emit('close');
  second.emit('close');
  expect(crowd.size).toBe(0);
  expect(counts).toEqual([1, 0, 1, 0]);
  expect(come(crowd, '192.0.2.2').destroyed).toBe(false);
});
