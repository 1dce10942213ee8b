import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
let stop: AbortController;
let running: Promise<void> | undefined;
const servers: Server[] = [];
const patience = { timeout: 30_000, interval: 5 };
const hour = 3600_000;

beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await stopTask();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  await rig.books.close();
});

function startTask(): void {
  stop = new AbortController();
  running = rig.books.tasks.find(({ name }) => name === 'webhooks')?.run(stop.signal, () => {});
}

async function stopTask(): Promise<void> {
  stop?.abort();
  await running;
  running = undefined;
}

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly event: { id: string; type: string; subscriptionId: string | null; nodeId: string | null };
}

/** A billing backend: answers as it is told, and keeps what it took. */
class Backend {
  readonly taken: Received[] = [];
  readonly seen: Received[] = [];
  answer: (received: Received) => number = () => 204;
  headers: Record<string, string> = {};
  url = '';

  static async start(): Promise<Backend> {
    const backend = new Backend();
    const server = createServer((request, response) => void backend.#receive(request, response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    servers.push(server);
    backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    return backend;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { data: event } = JSON.parse(body);
    const received = { headers: request.headers as Record<string, string>, body, event };
    this.seen.push(received);
    const status = this.answer(received);
    if (status < 300) this.taken.push(received);
    response.writeHead(status, this.headers).end();
  }

  ids(): string[] {
    return this.taken.map(({ event }) => event.id);
  }
}

/** Device limits reached: an event each, for a subscription of its own. */
async function happen(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const id = await rig.subscription({ maxDevices: 1 });
    await rig.device(id);
    await rig.device(id).catch(() => {});
    ids.push(id);
  }
  return ids;
}

async function happenAgain(subscription: string): Promise<void> {
  rig.clock.pass(hour);
  await rig.device(subscription).catch(() => {});
}

const add = async (url: string, types: ['device.limit'] | null = null) =>
  rig.books.webhooks.add({ url, types });
const deliveries = (id: string) => rig.books.webhooks.listDeliveries(id);

/** All that happened was taken, and that was noted. */
async function allDelivered(webhook: string, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const states = (await deliveries(webhook)).map(({ state }) => state);
    expect(states).toEqual(Array(count).fill('delivered'));
  }, patience);
}

describe('an event', () => {
  it('is sent to every endpoint that wants it, signed as the convention has it', async () => {
    const [all, some] = [await Backend.start(), await Backend.start()];
    const { webhook, secret } = await add(all.url);
    await add(some.url, ['device.limit']);
    startTask();
    await rig.node('a');
    const [subscription] = await happen(1);
    await vi.waitFor(() => expect(all.taken).toHaveLength(2), patience);
    await vi.waitFor(() => expect(some.taken).toHaveLength(1), patience);
    const [online] = all.taken.filter(({ event }) => event.type === 'node.online');
    const [limit] = some.taken;
    // As a receiver checks it; the library looks at its own clock.
    vi.useFakeTimers({ now: rig.clock.now(), toFake: ['Date'] });
    const read = new Webhook(secret).verify(online?.body ?? '', online?.headers ?? {});
    vi.useRealTimers();
    const [event] = await rig.books.catalogue.listEvents({ type: 'node.online' });
    expect(read).toEqual({
      type: 'node.online',
      timestamp: new Date(event?.at ?? 0).toISOString(),
      data: { ...event, at: new Date(event?.at ?? 0).toISOString() },
    });
    expect(online?.headers['webhook-id']).toBe(`evt_${event?.id}`);
    expect(limit?.event.subscriptionId).toBe(subscription);
    await vi.waitFor(async () => {
      expect(await deliveries(webhook.id)).toMatchObject([
        { state: 'delivered', attempts: 1, lastStatus: 204, nextAttemptAt: null },
        { state: 'delivered' },
      ]);
    }, patience);
  });

  it('that happened while nobody sent comes after the start; what was before the webhook does not', async () => {
    const backend = await Backend.start();
    await happen(1);
    await add(backend.url);
    const [later] = await happen(1);
    startTask();
    await vi.waitFor(() => expect(backend.taken).toHaveLength(1), patience);
    expect(backend.taken[0]?.event.subscriptionId).toBe(later);
  });

  it('keeps its place within its subscription, and holds up no other', async () => {
    const backend = await Backend.start();
    await add(backend.url, ['device.limit']);
    const [held, free] = (await happen(2)) as [string, string];
    let refusing = true;
    backend.answer = ({ event }) => (refusing && event.subscriptionId === held ? 500 : 204);
    startTask();
    await happenAgain(held);
    await happenAgain(free);
    const of = (id: string) => backend.taken.filter(({ event }) => event.subscriptionId === id);
    await vi.waitFor(() => expect(of(free)).toHaveLength(2), patience);
    expect(of(held)).toHaveLength(0);
    refusing = false;
    await vi.waitFor(() => {
      rig.clock.pass(6_000);
      expect(of(held)).toHaveLength(2);
    }, patience);
    const [first, second] = of(held);
    expect(Number(first?.event.id)).toBeLessThan(Number(second?.event.id));
    const attempts = backend.seen.filter(({ event }) => event.id === first?.event.id);
    expect(attempts.length).toBeGreaterThan(1);
    expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(attempts.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThan(1);
  });

  it('is lost in no burst, and over no restart of the sender', { timeout: 120_000 }, async () => {
    const backend = await Backend.start();
    await add(backend.url, ['device.limit']);
    const subscriptions = await happen(10);
    for (let n = 1; n < 24; n++) for (const one of subscriptions) await happenAgain(one);
    const all = await rig.books.catalogue.listEvents({ type: 'device.limit' });
    expect(all).toHaveLength(240);
    startTask();
    await vi.waitFor(() => expect(backend.taken.length).toBeGreaterThan(100), patience);
    await stopTask();
    startTask();
    await vi.waitFor(() => expect(new Set(backend.ids()).size).toBe(240), { timeout: 90_000, interval: 20 });
    for (const one of subscriptions) {
      const got = [
        ...new Set(
          backend.taken.filter(({ event }) => event.subscriptionId === one).map(({ event }) => event.id),
        ),
      ];
      expect(got).toEqual(all.filter(({ subscriptionId }) => subscriptionId === one).map(({ id }) => id));
    }
  });
});

describe('an endpoint', () => {
  /** Waits until all that is due was tried, and lets the time of the next attempt come. */
  async function comeToNextAttempt(webhook: string): Promise<void> {
    await vi.waitFor(async () => {
      const pending = await rig.books.webhooks.listDeliveries(webhook, { state: 'pending' });
      const times = pending.flatMap(({ nextAttemptAt }) => nextAttemptAt ?? []);
      expect(times).not.toEqual([]);
      expect(times.filter((at) => at <= rig.clock.now())).toEqual([]);
      rig.clock.pass(Math.min(...times) - rig.clock.now());
    }, patience);
  }

  it('that takes nothing for a day is disabled, which is an event; enabled again it gets everything', async () => {
    const [broken, other] = [await Backend.start(), await Backend.start()];
    const { webhook } = await add(broken.url);
    await add(other.url);
    broken.answer = () => 503;
    startTask();
    const [subscription] = (await happen(1)) as [string];
    for (let attempt = 1; attempt < 11; attempt++) {
      expect(await rig.books.webhooks.get(webhook.id)).toMatchObject({ enabled: true });
      await comeToNextAttempt(webhook.id);
    }
    await vi.waitFor(async () => {
      expect(await rig.books.webhooks.get(webhook.id)).toMatchObject({
        enabled: false,
        disabledReason: 'nothing was taken for a day: answered 503',
      });
    }, patience);
    await vi.waitFor(() => {
      expect(other.taken.map(({ event }) => event.type)).toEqual(['device.limit', 'webhook.disabled']);
    }, patience);
    const attempts = broken.seen.length;
    expect(attempts).toBe(11);
    await happenAgain(subscription);
    await vi.waitFor(() => expect(other.taken).toHaveLength(3), patience);
    expect(broken.seen).toHaveLength(attempts);
    broken.answer = () => 204;
    await rig.books.webhooks.set(webhook.id, { enabled: true });
    await vi.waitFor(() => expect(broken.taken).toHaveLength(3), patience);
    expect(await rig.books.webhooks.get(webhook.id)).toMatchObject({ enabled: true, disabledReason: null });
  });

  it('that answers 410 wants no more', async () => {
    const backend = await Backend.start();
    backend.answer = () => 410;
    const { webhook } = await add(backend.url);
    startTask();
    await happen(1);
    await vi.waitFor(async () => {
      const [last] = await deliveries(webhook.id);
      expect({ ...last, ...(await rig.books.webhooks.get(webhook.id)) }).toMatchObject({
        enabled: false,
        lastStatus: 410,
      });
    }, patience);
    expect(backend.seen).toHaveLength(1);
  });

  it('that takes all but one event is not disabled; that one is given up and may be sent again', async () => {
    const backend = await Backend.start();
    const { webhook } = await add(backend.url);
    const [bad] = (await happen(1)) as [string];
    let poisonous = true;
    backend.answer = ({ event }) => (poisonous && event.subscriptionId === bad ? 400 : 200);
    startTask();
    for (let attempt = 1; attempt < 11; attempt++) {
      await rig.node(`n${attempt}`);
      await comeToNextAttempt(webhook.id);
    }
    const [failed] = await vi.waitFor(async () => {
      const given = await rig.books.webhooks.listDeliveries(webhook.id, { state: 'failed' });
      expect(given).toHaveLength(1);
      return given;
    }, patience);
    expect(await rig.books.webhooks.get(webhook.id)).toMatchObject({ enabled: true });
    poisonous = false;
    expect(failed).toMatchObject({ attempts: 11, lastStatus: 400, lastError: 'answered 400' });
    expect(await rig.books.webhooks.replay(webhook.id, { delivery: failed?.id ?? '' })).toBe(1);
    await vi.waitFor(() => expect(backend.ids()).toContain(failed?.eventId), patience);
  });

  it('gets all since a time again when asked', async () => {
    const backend = await Backend.start();
    const { webhook } = await add(backend.url, ['device.limit']);
    startTask();
    const [subscription] = (await happen(1)) as [string];
    await allDelivered(webhook.id, 1);
    await happenAgain(subscription);
    await allDelivered(webhook.id, 2);
    const since = new Date(rig.clock.now() - 1).toISOString();
    expect(await rig.books.webhooks.replay(webhook.id, { since })).toBe(1);
    await vi.waitFor(() => expect(backend.taken).toHaveLength(3), patience);
    expect(backend.ids()[2]).toBe(backend.ids()[1]);
    await expect(rig.books.webhooks.replay(webhook.id, { delivery: '99' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('whose secret is rotated gets both signatures for a day', async () => {
    const backend = await Backend.start();
    const { webhook, secret: old } = await add(backend.url);
    const { secret: fresh } = await rig.books.webhooks.rotate(webhook.id);
    startTask();
    const [subscription] = (await happen(1)) as [string];
    await allDelivered(webhook.id, 1);
    vi.useFakeTimers({ now: rig.clock.now(), toFake: ['Date'] });
    for (const secret of [old, fresh]) {
      new Webhook(secret).verify(backend.taken[0]?.body ?? '', backend.taken[0]?.headers ?? {});
    }
    vi.useRealTimers();
    rig.clock.pass(24 * hour);
    await happenAgain(subscription);
    await vi.waitFor(() => expect(backend.taken).toHaveLength(2), patience);
    expect(backend.taken[1]?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
  });

  it('is not followed when it redirects, and never shown what it answered', async () => {
    const [backend, elsewhere] = [await Backend.start(), await Backend.start()];
    backend.answer = () => 302;
    backend.headers = { location: elsewhere.url };
    const { webhook } = await add(backend.url);
    startTask();
    await happen(1);
    await vi.waitFor(async () => {
      expect(await deliveries(webhook.id)).toMatchObject([
        { lastStatus: 302, lastError: 'answered 302: redirects are not followed' },
      ]);
    }, patience);
    expect(elsewhere.seen).toEqual([]);
  });

  it('that cannot be reached is named with the reason in the log', async () => {
    const { webhook } = await add('http://127.0.0.1:1/');
    startTask();
    await happen(1);
    await vi.waitFor(async () => {
      expect(await deliveries(webhook.id)).toMatchObject([
        { state: 'pending', lastStatus: null, lastError: 'no answer: ECONNREFUSED' },
      ]);
    }, patience);
  });
});

describe('events of long ago', () => {
  it('are kept while an endpoint is to get them', async () => {
    const backend = await Backend.start();
    const { webhook } = await add(backend.url, ['device.limit']);
    await happen(1);
    rig.clock.pass(31 * 24 * hour);
    const events = rig.books.tasks.find(({ name }) => name === 'events');
    const look = async () => {
      const enough = new AbortController();
      const looked = events?.run(enough.signal, () => {});
      enough.abort();
      await looked;
    };
    await look();
    startTask();
    await allDelivered(webhook.id, 1);
    await stopTask();
    await look();
    expect(await rig.books.catalogue.listEvents()).toEqual([]);
  });
});
