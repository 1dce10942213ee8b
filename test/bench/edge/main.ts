// npm run bench -- edge [--volume BYTES --simulated 60 --round-trip 200 --rate BYTES --json FILE]
import { writeFile } from 'node:fs/promises';
import { callApi } from '../../lab/api.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { joinWords } from '../../lab/node.ts';
import { openShop, Sale } from '../../lab/shop.ts';
import { controllerAddress } from '../../lab/topology.ts';
import { toolOptions } from '../../options.ts';
import { brokenPromises, delayRows, type EdgeFigures, render, toJson } from './figures.ts';
import { travel, untilNothingPasses } from './journey.ts';
import { realTraveller } from './real-traveller.ts';
import { SimulatedNodes, simulatedTraveller } from './simulated-traveller.ts';
import type { Phase } from './visit.ts';

const { values, whole } = toolOptions('npm run bench -- edge', {
  /** Sold, bytes. */
  volume: { type: 'string', default: '500000000' },
  simulated: { type: 'string', default: '60' },
  /** Between the controller and every node, milliseconds. */
  'round-trip': { type: 'string', default: '200' },
  /** Of each of the three devices, bytes per second. */
  rate: { type: 'string', default: '800000' },
  json: { type: 'string' },
});
const soldBytes = BigInt(whole('volume'));
const simulated = whole('simulated');
const bytesPerSecond = whole('rate');
const roundTripMs = whole('round-trip', 0);
const realNodes = 3;
const realDevices = 2;
const stayMs = 2000;
const quietMs = 30_000;

const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);

/** Nodes dial the relay, which stands at the controller's address; enrolment goes straight. */
async function putAtADistance({ controller }: Lab): Promise<void> {
  controller.configure({ listen: '"127.0.0.1:7443"' });
  const source = new URL('./relay.ts', import.meta.url).pathname;
  const words = [`${controllerAddress}:7443`, '127.0.0.1:7443', String(roundTripMs / 2)];
  const relay = controller.host.start('relay', [process.execPath, source, ...words], { urgent: true });
  await relay.said(/relaying/, 10_000);
}

async function addSimulatedNodes({ controller }: Lab): Promise<SimulatedNodes> {
  const words: string[][] = [];
  for (let number = 1; number <= simulated; number++) {
    const body = { name: `sim${number}`, endpoint: `192.0.2.254:${50_000 + number}` };
    const { status, body: ticket } = await callApi(controller.socket, 'POST', '/v1/nodes', body);
    if (status !== 201) throw new Error(`sim${number} was not added: ${JSON.stringify(ticket)}`);
    words.push(joinWords(ticket as { joinCommand: string }));
  }
  const nodes = new SimulatedNodes(controller.host);
  await nodes.join(controller.host.folder, words);
  return nodes;
}

async function measure(lab: Lab): Promise<EdgeFigures> {
  await putAtADistance(lab);
  await openShop(lab);
  const nodes = await addSimulatedNodes(lab);
  say(`${realNodes} real and ${simulated} simulated nodes are in contact`);
  const sale = await Sale.make(lab, soldBytes, realDevices + 1);
  const travellers = await Promise.all(
    [1, 2].map((number) => realTraveller(lab, sale, number, bytesPerSecond)),
  );
  const { publicKey, address4 } = sale.device(realDevices + 1);
  travellers.push(simulatedTraveller(nodes, simulated, { publicKey, address4, bytesPerSecond }));
  say('three devices begin to travel');

  const over = new AbortController();
  let phase: Phase = 'plenty left';
  const journeys = Promise.all(travellers.map((one) => travel(one, stayMs, over.signal, () => phase)));
  let toldAt = 0;
  await untilNothingPasses(travellers, quietMs, (carried) => {
    if (carried * 20n > soldBytes * 19n) phase = 'last 5 %';
    if (performance.now() - toldAt < 10_000) return;
    toldAt = performance.now();
    say(`${(Number(carried) / 1e6).toFixed(1)} of ${Number(soldBytes) / 1e6} MB`);
  });
  over.abort();
  const rows = delayRows(await journeys);
  const acceptedBytes = (await Promise.all(travellers.map((one) => one.carried()))).reduce(
    (a, b) => a + b,
    0n,
  );
  // The bill may be late, but not wrong: it is told as it is.
  await sale.billedExactly(acceptedBytes).catch(() => undefined);
  return { soldBytes, acceptedBytes, billedBytes: await sale.billed(), rows };
}

await using lab = await createLab({ nodes: realNodes, clients: realDevices });
try {
  const figures = await measure(lab);
  process.stdout.write(render(figures));
  if (values.json !== undefined) await writeFile(values.json, toJson(figures));
  const broken = brokenPromises(figures);
  for (const line of broken) process.stderr.write(`broken: ${line}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${lab.logs()}\n`);
  throw error;
}
