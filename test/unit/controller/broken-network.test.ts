import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.ts';
import { openClient } from '../../../controller/cli/client.ts';
import { followEvents } from '../../../controller/cli/event-stream.ts';
import { type RunningController, startController } from './rig.ts';
import { Turnpike } from './turnpike.ts';

/** A network before the controller's socket, which a test can break. */
class Network {
  readonly path: string;
  /** So many answers are lost on their way, each with its connection. */
  losing = 0;
  readonly #server: Server;
  readonly #links = new Set<Socket>();

  constructor(controller: RunningController) {
    this.path = join(controller.directory, 'network.sock');
    this.#server = createServer((near) => {
      const far = connect(controller.socket);
      const close = () => {
        near.destroy();
        far.destroy();
        this.#links.delete(near);
      };
      this.#links.add(near);
      near.on('data', (bytes) => far.write(bytes));
      far.on('data', (bytes) => {
        if (this.losing === 0) return near.write(bytes);
        this.losing -= 1;
        return close();
      });
      for (const socket of [near, far]) socket.on('error', close).on('close', close);
    });
  }

  async open(): Promise<void> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  cut(): void {
    for (const link of this.#links) link.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('the command line over a network that breaks', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let network: Network;
  let turnpike: Turnpike;
  const devices = async () => (await controller.turnpike.json('device', 'list', '--subscription', 'a')).items;

  beforeAll(async () => {
    controller = await startController();
    network = new Network(controller);
    await network.open();
    turnpike = new Turnpike(network.path, false);
    await turnpike.text('tariff', 'add', 'one', '--volume', '10GB', '--max-devices', '1');
    await turnpike.text('tariff', 'add', 'many', '--volume', '10GB');
    for (const account of ['a', 'b', 'c', 'd']) {
      await turnpike.text('account', 'add', account);
      const tariff = account === 'a' ? 'many' : 'one';
      await turnpike.text('subscription', 'create', '--account', account, '--tariff', tariff);
    }
  });

  afterAll(async () => {
    await network.close();
    await controller.stop();
  });

  it('makes a change once whose answer is lost, and answers as if it were not', async () => {
    network.losing = 1;
    const { device, privateKey } = await turnpike.json('device', 'add', 'a');
    expect(network.losing).toBe(0);
    expect(privateKey).toMatch(/=$/);
    expect(await devices()).toMatchObject([{ id: device.id }]);
  });

  it('says of a change without any answer how it is told again, and then it is not made twice', async () => {
    const before = (await devices()).length;
    network.losing = 2;
    const error = await turnpike.refused('device', 'add', 'a');
    expect(error).toContain('not known');
    const [, key = ''] = /--idempotency-key ([0-9a-f-]+)/.exec(error) ?? [];
    const first = await turnpike.json('device', 'add', 'a', '--idempotency-key', key);
    expect(await turnpike.json('device', 'add', 'a', '--idempotency-key', key)).toEqual(first);
    expect((await devices()).length).toBe(before + 1);
    await turnpike.json('device', 'add', 'a');
    expect((await devices()).length).toBe(before + 2);
  });

  it('says of a list without an answer that the whole of it may be sent again', async () => {
    const file = join(controller.directory, 'list.ndjson');
    await writeFile(file, '{"type":"subscription","reference":"r","account":"a","tariff":"many"}\n');
    network.losing = 1;
    expect(await turnpike.refused('import', file)).toMatch(
      /how many lines were done is not known \(.*send the whole list again/,
    );
    network.losing = 1;
    expect(await turnpike.refused('import', file, '--dry-run')).not.toContain('again');
    await turnpike.text('import', file);
    expect(await turnpike.text('import', file)).toMatch(/subscriptions +0 created, 0 changed, 1 unchanged/);
  });

  it('follows events through breaks, without one left out or told twice', async () => {
    const ended = new AbortController();
    const api = openClient({ socket: network.path });
    const events = followEvents(api, systemClock, { type: 'device.limit' }, '0', ended.signal);
    const heard: string[] = [];
    for (const account of ['b', 'c', 'd']) {
      await controller.turnpike.text('device', 'add', account);
      await controller.turnpike.refused('device', 'add', account);
      heard.push((await events.next()).value?.subscriptionId ?? '');
      network.cut();
    }
    const told = (await controller.turnpike.json('events', '--type', 'device.limit')).items;
    expect(heard).toEqual(told.map(({ subscriptionId }: { subscriptionId: string }) => subscriptionId));
    expect(new Set(heard).size).toBe(3);
    ended.abort();
    expect((await events.next()).done).toBe(true);
  });
});
