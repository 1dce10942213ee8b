import type { Socket } from 'node:net';
import type { Attack } from '../attack.ts';
import { inTurn } from '../attack.ts';
import { dial, dialTls } from '../dial.ts';

/** The beginning of a ClientHello. */
const halfHello = Buffer.from('1603010200010001fc0303', 'hex');

/** One says nothing, one begins its handshake, one finishes it and says nothing then. */
const ways: readonly ((door: string, from: string) => Socket)[] = [
  dial,
  (door, from) => {
    const socket = dial(door, from);
    socket.once('connect', () => socket.write(halfHello));
    return socket;
  },
  (door, from) => dialTls(door, from),
];

/** More than the 4,000 strangers for whom there is room. */
export const atNodes: Attack = {
  name: 'nodes’ listener: 4,500 connections that do nothing',
  begin: (siege, { nodes, from }) =>
    siege.keepOpen(4500, 600, (n) => inTurn(ways, n)(nodes, inTurn(from, n))),
};

/** More than the 256 connections for which there is room. */
export const atEnrolment: Attack = {
  name: 'enrolment: 400 connections that do nothing',
  begin: (siege, { enrolment, from }) =>
    siege.keepOpen(400, 200, (n) => inTurn(ways, n)(enrolment, inTurn(from, n))),
};

/** More than the 200 strangers at the API, and the 64 at the metrics. */
export const atApi: Attack = {
  name: 'API over TCP, metrics: 400 and 100 connections that do nothing',
  begin: (siege, { api, metrics, from }) => {
    siege.keepOpen(400, 200, (n) => dial(api, inTurn(from, n)));
    siege.keepOpen(100, 100, (n) => dial(metrics, inTurn(from, n)));
  },
};
