// npm run bench -- fairness [--seconds 15 --megabit 12 --only late,late --json FILE]: how the devices of one subscription share its speed over
// TCP, when they do all they can, when some come later, and when one of them stops.
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { systemClock } from '../../../common/clock.ts';
import { createLab } from '../../lab/lab.ts';
import { toolOptions } from '../../options.ts';
import type { Direction } from '../speed/tcp.ts';
import { type Device, fairFrom, lookSeconds, type Reading, type Shares, sharesOf } from './figures.ts';
import { Stage } from './stage.ts';

const { values, whole, some } = toolOptions('npm run bench -- fairness', {
  /** That count, after the warm-up. */
  seconds: { type: 'string', default: '15' },
  megabit: { type: 'string', default: '12' },
  /** Only these cases, by name, with commas; one as often as it is named. */
  only: { type: 'string' },
  json: { type: 'string' },
});
const warmUpSeconds = 10;
const seconds = whole('seconds', lookSeconds);
const megabit = whole('megabit');
/** Between two cases: levels and rates of the one before are forgotten. */
const restMs = 8_000;
const headStartMs = 5_000;

interface Case {
  readonly name: string;
  readonly title: string;
  readonly devices: readonly Device[];
  /** The last device is at work already when the others begin. */
  readonly lastIsFirst?: boolean;
  /** Then the last device stops, and it is measured again. */
  readonly lastStops?: boolean;
}

const all = (direction: Direction, ...streams: number[]): readonly Device[] =>
  streams.map((count) => ({ direction, streams: count }));

const cases: readonly Case[] = [
  { name: 'alike', title: 'downloads, 1 stream each', devices: all('down', 1, 1, 1) },
  { name: 'many', title: 'downloads, 1, 1 and 8 streams', devices: all('down', 1, 1, 8), lastStops: true },
  {
    name: 'late',
    title: 'downloads, 8 streams, then 1 and 1 begin',
    devices: all('down', 1, 1, 8),
    lastIsFirst: true,
  },
  { name: 'uploads', title: 'uploads, 1, 1 and 8 streams', devices: all('up', 1, 1, 8), lastStops: true },
  {
    name: 'mixed',
    title: 'an upload beside two downloads',
    devices: [...all('up', 1), ...all('down', 1, 1)],
  },
];

const wanted = some(
  'only',
  cases.map(({ name }) => name),
);
const chosen = wanted.flatMap((wantedName) => cases.filter(({ name }) => name === wantedName));

interface Figures extends Shares {
  readonly title: string;
}
const figures: Figures[] = [];
const series: { readonly title: string; readonly readings: readonly Reading[] }[] = [];

/** A reading each second, from before `change` on. */
async function measure(
  stage: Stage,
  title: string,
  devices: readonly Device[],
  change: () => Promise<void>,
): Promise<void> {
  const readings = [await stage.read(devices)];
  await change();
  const start = systemClock.monotonic();
  for (let second = 1; second <= warmUpSeconds + seconds; second += 1) {
    await systemClock.sleep(start + second * 1000 - systemClock.monotonic());
    readings.push(await stage.read(devices));
  }
  series.push({ title, readings });
  for (const shares of sharesOf(readings, warmUpSeconds, devices, megabit * 1e6)) {
    figures.push({ title, ...shares });
    process.stderr.write(`${rowOf({ title, ...shares }).join('  ')}\n`);
  }
}

const silent = (devices: readonly Device[], isSilent: (place: number) => boolean): readonly Device[] =>
  devices.map((device, place) => (isSilent(place) ? { ...device, streams: undefined } : device));

async function play(stage: Stage, { title, devices, lastIsFirst, lastStops }: Case): Promise<void> {
  const last = devices.length - 1;
  if (lastIsFirst) {
    await stage.begin(silent(devices, (place) => place !== last));
    await systemClock.sleep(headStartMs);
  }
  const others = silent(devices, (place) => place === last);
  await measure(stage, title, devices, () => stage.begin(lastIsFirst ? others : devices));
  if (lastStops) await measure(stage, 'the last of them has stopped', others, () => stage.stop(last));
  await stage.stop();
  await systemClock.sleep(restMs);
}

const megabits = (speeds: readonly number[]) => speeds.map((bits) => (bits / 1e6).toFixed(2)).join(', ');
const percent = (part: number) => `${(part * 100).toFixed(0)} %`;

function rowOf({
  title,
  direction,
  payload,
  accepted,
  least,
  worst,
  used,
  fairAfterSeconds,
}: Figures): string[] {
  const after = fairAfterSeconds === undefined ? 'never' : fairAfterSeconds.toFixed(0);
  const parts = [least, worst, used].map(percent);
  return [title, direction, megabits(payload), megabits(accepted), ...parts, after];
}

/** What hangs ends with this process: the lab's janitor removes the lab as soon as it is gone. */
const longestMs = 90_000 + chosen.length * (2 * (warmUpSeconds + seconds) * 1000 + restMs);
const bound = systemClock.after(longestMs, () => {
  process.stderr.write(`not done after ${longestMs / 1000} s, given up\n`);
  process.exit(1);
});

{
  await using lab = await createLab({ nodes: 1, clients: 3 });
  try {
    const stage = await Stage.build(lab, megabit);
    for (const one of chosen) await play(stage, one);
  } catch (error) {
    process.stderr.write(lab.logs());
    throw error;
  }
}
bound.cancel();

const table = new Table({
  style: { head: [], border: [] },
  head: [
    'three devices',
    'way',
    'payload, Mbit/s',
    'accepted at the gate',
    'least, of an equal share',
    `in its worst ${lookSeconds} s`,
    'all, of the tariff',
    `all keep ${percent(fairFrom)} after s`,
  ],
});
table.push(...figures.map(rowOf));
process.stdout.write(`${table.toString()}\n`);
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ figures, series }, null, 2)}\n`);
