// npm run bench -- reconnect [--agents 1000 --outage-seconds 3 --json FILE]: the controller is killed and comes back; how
// long until every node is served again, what it costs, and whether a report is lost.
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { systemClock } from '../../../common/clock.ts';
import { grouped } from '../../demo/figures.ts';
import { callApi, createThrough } from '../../lab/api.ts';
import { eventually } from '../../lab/eventually.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { machineMilliseconds } from '../../lab/traffic/protocol.ts';
import { toolOptions } from '../../options.ts';
import { announce } from '../crew/announce.ts';
import { Fleet } from '../crew/fleet-program.ts';
import type { Seen } from '../crew/protocol.ts';
import { percentile } from '../edge/figures.ts';
import { peakMegabytes, processorSeconds } from '../process-figures.ts';

const { values, whole } = toolOptions('npm run bench -- reconnect', {
  agents: { type: 'string', default: '1000' },
  'outage-seconds': { type: 'string', default: '3' },
  json: { type: 'string' },
});
const agents = whole('agents');
const outageMs = whole('outage-seconds') * 1000;
const fleets = 2;
const bytesEach = 1000;
const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);

/** An unlimited subscription with one device, which everybody has used. */
async function sell({ controller: { socket } }: Lab): Promise<{ subscription: string; deviceId: string }> {
  await createThrough(socket, '/v1/tariffs', { name: 'unlimited', volumeBytes: null });
  await createThrough(socket, '/v1/accounts', { reference: 'everybody' });
  const order = { account: 'everybody', tariff: 'unlimited' };
  const { id } = await createThrough<{ id: string }>(socket, '/v1/subscriptions', order);
  const { device } = await createThrough<{ device: { id: string } }>(socket, '/v1/devices', {
    subscription: id,
  });
  return { subscription: id, deviceId: device.id };
}

const look = async (all: readonly Fleet[]) => (await Promise.all(all.map((fleet) => fleet.look()))).flat();

function served(members: readonly Seen[], since: number): boolean {
  return members.every(({ caughtUpAt, atRest }) => caughtUpAt > since && atRest);
}

async function measure(lab: Lab) {
  const { controller } = lab;
  controller.configure({ log_level: '"info"' });
  await controller.start();
  const tickets = await announce(
    controller,
    Array.from({ length: agents }, (_, number) => `r${number}`),
  );
  const { subscription, deviceId } = await sell(lab);
  say(`${agents} nodes are announced`);
  const all = Array.from({ length: fleets }, (_, index) => new Fleet(controller.host, index + 1));
  const share = Math.ceil(agents / fleets);
  await Promise.all(all.map((fleet, index) => fleet.join(tickets.slice(index * share, (index + 1) * share))));
  const within = { within: 180_000, every: 100 };
  await eventually('everybody is in contact', async () => served(await look(all), 0), within);
  for (const fleet of all) fleet.use(deviceId, bytesEach);
  await eventually('everything is booked', async () => served(await look(all), 0), within);
  say('all of them are in contact, and all they had to report is booked');

  await controller.kill();
  for (const fleet of all) fleet.use(deviceId, bytesEach);
  await systemClock.sleep(outageMs);
  const startedAt = machineMilliseconds();
  await controller.start();
  const readyAt = machineMilliseconds();
  say('the controller was killed, and is back');
  await eventually('everybody is served', async () => served(await look(all), startedAt), within);
  const members = await look(all);
  const pid = controller.program?.pid ?? 0;
  const afterReady = (times: readonly number[]) => times.map((at) => at - readyAt);
  const caughtUp = afterReady(members.map(({ caughtUpAt }) => caughtUpAt));
  const acknowledged = afterReady(members.map(({ acknowledgedAt }) => acknowledgedAt));
  const path = `/v1/usage?subscription=${subscription}`;
  const { body } = await callApi(controller.socket, 'GET', path);
  return {
    agents,
    outageMs,
    startMs: readyAt - startedAt,
    caughtUpMs: {
      p50: percentile(caughtUp, 0.5),
      p99: percentile(caughtUp, 0.99),
      last: percentile(caughtUp, 1),
    },
    bookedMs: {
      p50: percentile(acknowledged, 0.5),
      p99: percentile(acknowledged, 0.99),
      last: percentile(acknowledged, 1),
    },
    processorSeconds: processorSeconds(pid),
    peakMegabytes: peakMegabytes(pid),
    usedBytes: 2 * agents * bytesEach,
    billedBytes: Number((body as { usedBytes: string }).usedBytes),
  };
}

await using lab = await createLab({ nodes: 0, clients: 0 });
try {
  const figures = await measure(lab);
  const table = new Table({ style: { head: [], border: [] }, head: ['', 'p50 ms', 'p99 ms', 'last ms'] });
  for (const [what, { p50, p99, last }] of [
    ['in contact again, and told all there is', figures.caughtUpMs],
    ['what happened meanwhile is booked', figures.bookedMs],
  ] as const) {
    table.push([what, p50.toFixed(0), p99.toFixed(0), last.toFixed(0)]);
  }
  console.log(`${agents} nodes; the controller was away for ${outageMs / 1000} s. After it was ready again:`);
  console.log(table.toString());
  console.log(
    `controller: ready ${figures.startMs.toFixed(0)} ms after its start; until all were served ` +
      `${figures.processorSeconds.toFixed(1)} s of processor time, ${figures.peakMegabytes.toFixed(0)} MB at most`,
  );
  const { usedBytes, billedBytes } = figures;
  console.log(`used ${grouped(BigInt(usedBytes))} bytes, billed ${grouped(BigInt(billedBytes))}`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.exitCode = usedBytes === billedBytes ? 0 : 1;
} catch (error) {
  process.stderr.write(`${lab.logs()}\n`);
  throw error;
}
