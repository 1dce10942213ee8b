// npm run bench -- speed [--devices 10,5000 --seconds 10]: speed limits of tariffs beside what TCP makes of them.
import Table from 'cli-table3';
import { KernelTable } from '../../../agent/gate/kernel-table.ts';
import type { GateDevice, GateLimit, GateModel } from '../../../agent/gate/model.ts';
import { systemClock } from '../../../common/clock.ts';
import { type Client, createWorld, internetAddresses, type World } from '../../node/world.ts';
import { toolOptions } from '../../options.ts';
import { makeFleet } from '../fleet.ts';
import { empty } from '../stage.ts';
import { type Direction, TcpEnd } from './tcp.ts';

const { whole, wholes } = toolOptions('npm run bench -- speed', {
  devices: { type: 'string', default: '10,5000' },
  seconds: { type: 'string', default: '10' },
});
const deviceCounts = wholes('devices', 0);
const megabits = [1, 10, 50];
const streamCounts = [1, 8];
const directions: readonly Direction[] = ['down', 'up'];
const warmUpMs = 3_000;
const windowMs = whole('seconds') * 1000;
const tcpPort = 5001;

/** The client at this speed, and so many other devices that have limits of their own. */
function modelOf(client: Client, megabit: number, others: number): GateModel {
  const bytesPerSecond = BigInt(megabit) * 125_000n;
  const devices = new Map<string, GateDevice>();
  const limits = new Map<string, GateLimit>();
  const add = (id: string, { address4, address6 }: { address4: string; address6: string }) => {
    const [paceUp, paceDown] = [`${id}_up_${megabit}`, `${id}_down_${megabit}`];
    for (const name of [paceUp, paceDown]) limits.set(name, { bytesPerSecond });
    devices.set(id, { address4, address6, pass: { kind: 'unlimited' }, speed: { paceUp, paceDown } });
  };
  add('client', client);
  // The first addresses are the client's and the node's.
  for (const [id, device] of [...makeFleet(others + 1).model.devices].slice(1)) add(id, device);
  return { devices, quotas: new Map(), limits };
}

interface Run {
  readonly streams: number;
  readonly direction: Direction;
}

interface Achieved {
  /** Bits per second. */
  readonly accepted: number;
  readonly payload: number;
}

async function measure(
  world: World,
  client: Client,
  ends: { client: TcpEnd; internet: TcpEnd },
  { streams, direction }: Run,
): Promise<Achieved> {
  const receiver = direction === 'down' ? ends.client : ends.internet;
  const set = `${direction}4`;
  const accepted = async () => {
    const at = systemClock.monotonic();
    const counters = await new KernelTable(world.node.open).elements(set);
    const found = counters.find(({ address }) => address === client.address4);
    return { at, bytes: Number(found?.counted ?? 0n) };
  };
  const payload = async () => ({ at: systemClock.monotonic(), bytes: await receiver.received() });
  await ends.client.open(internetAddresses.address4, tcpPort, streams, direction);
  await systemClock.sleep(warmUpMs);
  const before = { payload: await payload(), accepted: await accepted() };
  await systemClock.sleep(windowMs);
  const after = { payload: await payload(), accepted: await accepted() };
  await ends.client.close();
  return {
    accepted: bitsPerSecond(before.accepted, after.accepted),
    payload: bitsPerSecond(before.payload, after.payload),
  };
}

interface Reading {
  /** Milliseconds. */
  readonly at: number;
  readonly bytes: number;
}

function bitsPerSecond(before: Reading, after: Reading): number {
  return ((after.bytes - before.bytes) * 8000) / (after.at - before.at);
}

const table = new Table({
  style: { head: [], border: [] },
  head: ['devices', 'tariff', 'direction', 'streams', 'accepted at the gate', 'of the tariff', 'payload'],
});
const world = await createWorld();
const ends: TcpEnd[] = [];
try {
  const client = await world.client(2);
  const tcp = { client: new TcpEnd(client.where.name), internet: new TcpEnd(world.internet.name) };
  ends.push(tcp.client, tcp.internet);
  await tcp.internet.listen(internetAddresses.address4, tcpPort);
  for (const devices of deviceCounts) {
    for (const megabit of megabits) {
      await world.gate.create(world.frame);
      await world.gate.apply(empty, modelOf(client, megabit, devices - 1), 3600);
      for (const direction of directions) {
        for (const streams of streamCounts) {
          const { accepted, payload } = await measure(world, client, tcp, { streams, direction });
          const show = (bits: number) => `${(bits / 1e6).toFixed(2)} Mbit/s`;
          const part = `${((accepted / (megabit * 1e6)) * 100).toFixed(1)} %`;
          const row = [devices, `${megabit} Mbit/s`, direction, streams, show(accepted), part, show(payload)];
          table.push(row);
          process.stderr.write(`${row.join('  ')}\n`);
        }
      }
    }
  }
} finally {
  for (const end of ends) await end.end();
  await world.close();
}
process.stdout.write(`${table.toString()}\n`);
