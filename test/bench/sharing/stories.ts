import { systemClock } from '../../../common/clock.ts';
import { callApi } from '../../lab/api.ts';
import { eventually } from '../../lab/eventually.ts';
import type { Lab } from '../../lab/lab.ts';
import { copyTunnel, roam, ServerList } from '../../lab/movement.ts';
import type { Sale, SoldDevice } from '../../lab/shop.ts';
import type { Flow } from '../../lab/traffic/flow.ts';

/** One device, and two hosts that may use its key. */
export interface Stage {
  readonly lab: Lab;
  readonly sale: Sale;
  readonly device: SoldDevice;
  readonly clients: readonly [number, number];
}

export interface Outcome {
  /** From when both were at it until the controller said that the key is shared; undefined: it never did. */
  readonly foundMs: number | undefined;
  readonly watchedMs: number;
}

export interface Story {
  readonly name: string;
  readonly title: string;
  readonly wanted: 'all' | 'none' | 'as it is';
  play(stage: Stage): Promise<Outcome>;
}

export function stories(idleSeconds: number): readonly Story[] {
  return [
    { name: 'one-node', title: 'two copies on one node', wanted: 'all', play: onOneNode },
    { name: 'two-nodes', title: 'two copies on two nodes', wanted: 'all', play: onTwoNodes },
    { name: 'roaming', title: 'out of a network and back, ten times', wanted: 'none', play: roaming },
    { name: 'switching', title: 'from server to server, ten times', wanted: 'none', play: switching },
    {
      name: 'idle',
      title: 'two copies that only send keepalives',
      wanted: 'as it is',
      play: (stage) => idle(stage, idleSeconds),
    },
  ];
}

const withinMs = 90_000;
const afterwardsMs = 30_000;

/** A datagram a second, which nobody answers. */
async function sendEverySecond({ lab }: Stage, client: number, node: number): Promise<Flow> {
  const payloadBytes = 400;
  const flow = await lab.traffic.open({
    ...{ client, node, family: 4, direction: 'up', payloadBytes },
    bitsPerSecond: payloadBytes * 8,
  });
  flow.send();
  return flow;
}

async function arrives({ lab }: Stage, flow: Flow, more = 1): Promise<void> {
  const before = (await lab.traffic.of(flow)).receivedDatagrams;
  const look = async () => (await lab.traffic.of(flow)).receivedDatagrams >= before + more;
  await eventually('what is sent arrives', look, { within: 40_000, every: 100 });
}

async function isShared({ lab, device }: Stage): Promise<boolean> {
  const { body } = await callApi(lab.controller.socket, 'GET', `/v1/devices/${device.id}`);
  return (body as { sharedKey: boolean }).sharedKey;
}

/** Looks until the key is taken for shared, or the time is over. */
async function watch(stage: Stage, ms: number): Promise<Outcome> {
  const start = systemClock.monotonic();
  for (;;) {
    const watchedMs = systemClock.monotonic() - start;
    if (await isShared(stage)) return { foundMs: watchedMs, watchedMs };
    if (watchedMs >= ms) return { foundMs: undefined, watchedMs };
    await systemClock.sleep(200);
  }
}

async function connect({ sale, device, lab }: Stage, client: number, node: number): Promise<void> {
  await lab.client(client).connect(await sale.configuration(device, node));
}

async function onOneNode(stage: Stage): Promise<Outcome> {
  const [first, second] = stage.clients;
  await connect(stage, first, 1);
  await arrives(stage, await sendEverySecond(stage, first, 1));
  await copyTunnel(stage.lab.client(first), stage.lab.client(second));
  await arrives(stage, await sendEverySecond(stage, second, 1));
  return watch(stage, withinMs);
}

async function onTwoNodes(stage: Stage): Promise<Outcome> {
  const [first, second] = stage.clients;
  await connect(stage, first, 1);
  await arrives(stage, await sendEverySecond(stage, first, 1));
  await connect(stage, second, 2);
  await arrives(stage, await sendEverySecond(stage, second, 2));
  return watch(stage, withinMs);
}

/** Ten times out and back in a minute. */
async function roaming(stage: Stage): Promise<Outcome> {
  const [client] = stage.clients;
  await connect(stage, client, 1);
  await arrives(stage, await sendEverySecond(stage, client, 1));
  return during(stage, async () => {
    for (let trip = 0; trip < 10; trip++) {
      for (const place of ['away', 'home'] as const) {
        await roam(stage.lab.client(client), place);
        await systemClock.sleep(3000);
      }
    }
  });
}

/** Ten times, a few seconds on each server. */
async function switching(stage: Stage): Promise<Outcome> {
  const [client] = stage.clients;
  const configurations = await Promise.all(
    [1, 2].map((node) => stage.sale.configuration(stage.device, node)),
  );
  const servers = new ServerList(
    stage.lab.client(client),
    new Map(configurations.map((text, n) => [n + 1, text])),
  );
  await servers.choose(1);
  const flow = await sendEverySecond(stage, client, 1);
  await arrives(stage, flow);
  return during(stage, async () => {
    for (let turn = 0; turn < 10; turn++) {
      await servers.choose(turn % 2 === 0 ? 2 : 1);
      await arrives(stage, flow, 2 + turn);
    }
  });
}

async function idle(stage: Stage, seconds: number): Promise<Outcome> {
  const [first, second] = stage.clients;
  // The fleet's usual keepalive of 25 s is in the configuration.
  await connect(stage, first, 1);
  await stage.lab.client(first).shakenHands(40_000);
  await copyTunnel(stage.lab.client(first), stage.lab.client(second));
  return watch(stage, seconds * 1000);
}

/** Watches while something is done, and for a while after it. */
async function during(stage: Stage, act: () => Promise<void>): Promise<Outcome> {
  const start = systemClock.monotonic();
  let done = false;
  const acting = act().finally(() => {
    done = true;
  });
  let outcome: Outcome = { foundMs: undefined, watchedMs: 0 };
  while (!done && outcome.foundMs === undefined) outcome = await watch(stage, 500);
  await acting;
  const last = outcome.foundMs === undefined ? await watch(stage, afterwardsMs) : outcome;
  const watchedMs = systemClock.monotonic() - start;
  return { foundMs: last.foundMs === undefined ? undefined : watchedMs, watchedMs };
}
