// npm run bench -- attack [--seconds 15 --rest-seconds 20 --subscriptions 2500 --nodes 200 --only WORD --json FILE]: what
// outsiders, hostile nodes and lazy clients of the API cost the real controller, and whether others notice.
import { writeFile } from 'node:fs/promises';
import { systemClock } from '../../../common/clock.ts';
import { callApi } from '../../lab/api.ts';
import { eventually } from '../../lab/eventually.ts';
import { createLab } from '../../lab/lab.ts';
import { toolOptions } from '../../options.ts';
import { forgetPeak, peakMegabytes, processorSeconds, residentMegabytes } from '../process-figures.ts';
import type { Attack } from './attack.ts';
import { attacks } from './attacks.ts';
import { Busyness } from './busyness.ts';
import { brokenPromises, type Row, renderDeeds, renderRows } from './figures.ts';
import { HonestNode } from './honest-node.ts';
import { type Stage, setStage } from './stage.ts';
import { Witness } from './witness-program.ts';

const { values, whole } = toolOptions('npm run bench -- attack', {
  seconds: { type: 'string', default: '15' },
  'rest-seconds': { type: 'string', default: '20' },
  subscriptions: { type: 'string', default: '2500' },
  nodes: { type: 'string', default: '200' },
  only: { type: 'string' },
  json: { type: 'string' },
});
/** The heap that V8 allows itself on a machine with 1 GB: with more it collects later, and what it takes says little. */
const small = ['env', 'NODE_OPTIONS=--max-old-space-size=512'];
/** After a start, until all is compiled and at rest. */
const settleMs = 5_000;
const attackMs = whole('seconds') * 1000;
const restMs = whole('rest-seconds', 0) * 1000;
const subscriptions = whole('subscriptions');
const nodes = whole('nodes');
const [quiet, ...hostile] = attacks;
const wanted = [quiet, ...hostile.filter(({ name }) => name.includes(values.only ?? ''))];
const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);

/** Who looks whether the controller is there for them. */
interface Witnesses {
  readonly honest: HonestNode;
  readonly witness: Witness;
}

async function suffer(attack: Attack, stage: Stage, { honest, witness }: Witnesses): Promise<Row> {
  const { controller, attackers, field, references } = stage;
  // Each begins with a process that was just started: what one before left of its heap would hide what this one takes.
  await controller.stop();
  await controller.start(small);
  const pid = controller.program?.pid ?? 0;
  await eventually('the honest node is back', () => honest.connected, { within: 60_000, every: 100 });
  await systemClock.sleep(settleMs);
  const take = async () => ({ answers: await witness.tell(), reports: honest.take() });
  const logged = controller.program?.log().length ?? 0;
  const before = residentMegabytes(pid);
  const worked = processorSeconds(pid);
  forgetPeak(pid);
  await take();
  const busy = new Busyness(attack.beside, controller.socket, references, `${attack.name} ${logged}`);
  if (attack.begin !== undefined) attackers.begin(attack.name, field);
  const lastsMs = attackMs * (attack.times ?? 1);
  const until = systemClock.sleep(lastsMs);
  // Once it is under way.
  await systemClock.sleep(lastsMs / 3);
  const joining = joinMeanwhile(stage);
  await until;
  const processor = (processorSeconds(pid) - worked) / (lastsMs / 1000);
  const during = await take();
  await busy.stop();
  const did = attack.begin === undefined ? {} : await attackers.end();
  const joinedMs = await joining;
  const worst = peakMegabytes(pid);
  await systemClock.sleep(restMs);
  const log = controller.program?.log().slice(logged) ?? '';
  return {
    ...{ attack: attack.name, processor, ...during, joinedMs, did, changes: busy.count },
    memory: { before, worst, after: residentMegabytes(pid) },
    thrownOut: endsOf(log, await nodeId(stage)),
  };
}

async function joinMeanwhile(stage: Stage): Promise<number | undefined> {
  const from = performance.now();
  try {
    await stage.newcomer();
    return performance.now() - from;
  } catch (error) {
    say(String(error));
    return undefined;
  }
}

/** How often a stream of the node was ended, by the controller's own log. */
function endsOf(log: string, node: string): number {
  const lines = log.split('\n').filter((line) => line.includes(`"node":"${node}"`));
  return lines.filter((line) => /"msg":"(stream ended|node disconnected|a stream failed)"/.test(line)).length;
}

async function nodeId({ controller }: Stage): Promise<string> {
  const { body } = await callApi(controller.socket, 'GET', '/v1/nodes/honest0');
  return (body as { id: string }).id;
}

await using lab = await createLab({ nodes: 0, clients: 0 });
try {
  const sizes = {
    subscriptions,
    nodes,
    newcomers: wanted.length,
  };
  const stage = await setStage(lab.controller, sizes, say);
  const [host, port] = stage.field.api.split(':');
  const path = `/v1/subscriptions/${stage.references[0]}`;
  const headers = { authorization: `Bearer ${stage.lookKey}` };
  const witness = new Witness(lab.controller.host, [
    { name: 'socket', options: { socketPath: lab.controller.socket, path } },
    { name: 'port', options: { host, port, path, headers } },
    { name: 'metrics', options: { host: '127.0.0.1', port: 9464, path: '/readyz' } },
  ]);
  const honest = new HonestNode(stage.honest, stage.own.deviceId);
  const rows: Row[] = [];
  for (const attack of wanted) {
    const row = await suffer(attack, stage, { honest, witness });
    rows.push(row);
    const { memory, processor, reports } = row;
    say(
      `${attack.name}: ${memory.before.toFixed(0)} / ${memory.worst.toFixed(0)} / ${memory.after.toFixed(0)} MB, ` +
        `processor ${processor.toFixed(2)}, reports at most ${reports.most.toFixed(0)} ms`,
    );
  }
  await honest.stop();
  const { body } = await callApi(
    lab.controller.socket,
    'GET',
    `/v1/usage?subscription=${stage.own.subscription}`,
  );
  const billed = Number((body as { usedBytes: string }).usedBytes);
  const broken = brokenPromises(rows, honest.usedBytes, billed);
  process.stdout.write(`${renderRows(rows)}\n${renderDeeds(rows)}\n`);
  process.stdout.write(`the honest node used ${honest.usedBytes} bytes, billed ${billed}\n`);
  for (const line of broken) process.stdout.write(`broken: ${line}\n`);
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ rows, broken }, null, 2)}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${lab.logs()}\n`);
  throw error;
}
