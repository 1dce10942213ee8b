import { once } from 'node:events';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { callApi, createThrough } from '../../lab/api.ts';
import type { Controller } from '../../lab/controller.ts';
import { controllerAddress } from '../../lab/topology.ts';
import { listOf } from '../bulk/lines.ts';
import { announce } from '../crew/announce.ts';
import { Fleet } from '../crew/fleet-program.ts';
import type { Ticket } from '../crew/protocol.ts';
import { Attackers } from './attackers-program.ts';
import { accountOf } from './busyness.ts';
import type { Field } from './protocol.ts';

/** Everybody who takes part, joined and at rest. */
export interface Stage {
  readonly controller: Controller;
  readonly field: Field;
  readonly attackers: Attackers;
  /** Of one member. */
  readonly honest: Fleet;
  /** What the honest node's reports are of. */
  readonly own: { readonly subscription: string; readonly deviceId: string };
  /** References of the crowd's subscriptions. */
  readonly references: readonly string[];
  /** Joins one more honest node. */
  newcomer(): Promise<void>;
  /** A key of the API for those who only look. */
  readonly lookKey: string;
}

export interface Sizes {
  readonly subscriptions: number;
  /** Nodes that are in the attackers' hands. */
  readonly nodes: number;
  readonly newcomers: number;
}

const attackersAddresses = Array.from({ length: 20 }, (_, n) => `10.93.0.${n + 1}`);
const devicesEach = 2;
/** A group whose nodes serve nobody. */
const spare = 'spare';

export async function setStage(
  controller: Controller,
  sizes: Sizes,
  say: (line: string) => void,
): Promise<Stage> {
  const { host, socket } = controller;
  const api = `${controllerAddress}:8080`;
  controller.configure({ log_level: '"info"', socket: `socket = "${socket}"\nlisten = "${api}"` });
  // What stalls is to be held by the process, whose memory is measured, and not by the kernel.
  await host.run([
    'sysctl',
    '-q',
    '-w',
    'net.ipv4.tcp_wmem=4096 16384 65536',
    'net.ipv4.tcp_rmem=4096 65536 65536',
  ]);
  await host.run(['ip', '-batch', '-'], {
    input: attackersAddresses.map((address) => `addr add ${address}/32 dev lo\n`).join(''),
  });
  await controller.start();
  await sell(socket);
  const own = await sellOne(socket);
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}${n}`);
  await createThrough(socket, '/v1/groups', { name: spare });
  const tickets = await announce(
    controller,
    [...names('honest', 1), ...names('newcomer', sizes.newcomers), ...names('stolen', sizes.nodes)],
    (name) => (name.startsWith('newcomer') ? spare : 'default'),
  );
  const [first, ...others] = tickets;
  const honest = new Fleet(host, 1);
  const newcomers = new Fleet(host, 2);
  const attackers = new Attackers(host);
  await honest.join(first === undefined ? [] : [first]);
  await attackers.join(others.slice(sizes.newcomers));
  say(`${sizes.nodes} nodes are in the attackers' hands`);
  // After the nodes: whoever joins is granted something of every subscription of his group, which takes seconds.
  const references = await importCrowd(socket, sizes.subscriptions);
  say(`${sizes.subscriptions} subscriptions with ${devicesEach} devices each`);
  const waiting: Ticket[] = others.slice(0, sizes.newcomers);
  return {
    ...{ controller, attackers, honest, own, references },
    lookKey: await makeKey(socket, 'looker', ['read']),
    field: {
      nodes: `${controllerAddress}:7443`,
      enrolment: `${controllerAddress}:7444`,
      api,
      metrics: '127.0.0.1:9464',
      key: await makeKey(socket, 'billing', ['read', 'subscriptions']),
      from: attackersAddresses,
      devices: await deviceIds(socket, own.deviceId),
    },
    newcomer: () => newcomers.join(waiting.splice(0, 1)),
  };
}

async function sell(socket: string): Promise<void> {
  await createThrough(socket, '/v1/tariffs', { name: 'unlimited', volumeBytes: null });
  await createThrough(socket, '/v1/tariffs', {
    ...{ name: 'crowd', volumeBytes: '50000000000', period: 'month', maxDevices: 5, maxConnections: 2 },
  });
}

async function sellOne(socket: string): Promise<Stage['own']> {
  await createThrough(socket, '/v1/accounts', { reference: 'honest' });
  const order = { account: 'honest', tariff: 'unlimited' };
  const { id } = await createThrough<{ id: string }>(socket, '/v1/subscriptions', order);
  const made = await createThrough<{ device: { id: string } }>(socket, '/v1/devices', { subscription: id });
  return { subscription: id, deviceId: made.device.id };
}

/** Gives the references. */
async function importCrowd(socket: string, subscriptions: number): Promise<string[]> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const call = request({ socketPath: socket, method: 'POST', path: '/v1/import', headers });
  const references = new Set<string>();
  let list = '';
  for (const line of listOf(subscriptions, devicesEach)) {
    const { type, reference, tariff: _, ...rest } = JSON.parse(line);
    if (type === 'subscription') {
      references.add(reference);
      const about = { type, reference, ...rest, account: accountOf(reference), tariff: 'crowd' };
      list += `${JSON.stringify({ ...about, expires: '2027-01-01' })}\n`;
    } else list += line;
  }
  call.end(list);
  const [answer] = await once(call, 'response');
  const result = (await json(answer)) as { refused?: number };
  if (result.refused !== 0) throw new Error(`the list was refused: ${JSON.stringify(result)}`);
  return [...references];
}

async function makeKey(socket: string, name: string, scopes: readonly string[]): Promise<string> {
  return (await createThrough<{ key: string }>(socket, '/v1/api-keys', { name, scopes })).key;
}

/** All but the one. */
async function deviceIds(socket: string, but: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await callApi(socket, 'GET', `/v1/devices?limit=500${cursor}`);
    const { items, next } = body as { items: { id: string }[]; next: string | null };
    ids.push(...items.map(({ id }) => id));
    if (next === null) return ids.filter((id) => id !== but);
    cursor = `&cursor=${next}`;
  }
}
