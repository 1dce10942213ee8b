import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GateModel, Pass } from '../../agent/gate/model.ts';
import {
  type Client,
  createWorld,
  internetAddresses,
  port,
  settings,
  uplinkAddresses,
  type World,
} from '../node/world.ts';

let world: World;
let alice: Client;
let bob: Client;

beforeAll(async () => {
  world = await createWorld();
  alice = await world.client(2);
  bob = await world.client(3);
});
afterAll(async () => world?.close());

const empty: GateModel = { devices: new Map(), quotas: new Map(), limits: new Map() };

function everybody(pass: Pass): GateModel {
  const device = ({ address4, address6 }: Client) => ({ address4, address6, pass });
  return {
    devices: new Map([
      ['alice', device(alice)],
      ['bob', device(bob)],
    ]),
    quotas: new Map(),
    limits: new Map(),
  };
}

beforeEach(async () => {
  for (const end of [alice.end, bob.end, world.internetEnd]) await end.forget();
  await world.gate.create(world.frame);
  await world.gate.apply(empty, everybody({ kind: 'unlimited' }), 3600);
});

const families = [
  { family: 'IPv4', key: 'address4' },
  { family: 'IPv6', key: 'address6' },
] as const;
type Key = (typeof families)[number]['key'];

/** From Alice to the internet; what arrives comes from the node's own address there. */
async function upload(key: Key, count: number, bytes = 1000): Promise<number> {
  await alice.end.send(alice[key], internetAddresses[key], port, count, bytes);
  return world.internetEnd.received(uplinkAddresses[key], count);
}

/** From the internet to Alice, who did not ask. */
async function download(key: Key, count: number, bytes = 1000): Promise<number> {
  await world.internetEnd.send(internetAddresses[key], alice[key], port, count, bytes);
  return alice.end.received(internetAddresses[key], count);
}

const counters = async (address: string) => (await world.gate.read())?.counters.get(address);

describe.each(families)('a node, $family', ({ key }) => {
  it('carries both ways, behind its own address, and counts to the byte', async () => {
    expect(await upload(key, 20)).toBe(20);
    expect(await download(key, 20)).toBe(20);
    expect(await counters(alice[key])).toEqual({ upload: 20_000n, download: 20_000n });
    expect(await counters(bob[key])).toEqual({ upload: 0n, download: 0n });
  });

  it('counts what goes to the node itself', async () => {
    await alice.end.send(alice[key], settings[key], port, 3, 500);
    await vi.waitFor(async () => expect((await counters(alice[key]))?.upload).toBe(1500n), {
      timeout: 5000,
    });
    // Nobody listens there, and the node says so: that is a download.
    expect((await counters(alice[key]))?.download).toBeGreaterThan(0n);
  });

  it('keeps customers apart and does not bill the attempt', async () => {
    await alice.end.send(alice[key], bob[key], port, 5, 1000);
    expect(await bob.end.received(alice[key], 5)).toBe(0);
    expect(await counters(alice[key])).toEqual({ upload: 0n, download: 0n });
  });

  it('stops both directions when the ruleset is flushed, and carries on when it is made anew', async () => {
    expect(await upload(key, 5)).toBe(5);
    expect(await download(key, 5)).toBe(5);
    await world.node.run(['nft', 'flush', 'ruleset']);
    expect(await upload(key, 30)).toBe(0);
    // Without translation the packets would arrive under the client's own address.
    expect(await world.internetEnd.received(alice[key], 1)).toBe(0);
    expect(await download(key, 30)).toBe(0);
    await world.gate.create(world.frame);
    await world.gate.apply(empty, everybody({ kind: 'unlimited' }), 3600);
    expect(await upload(key, 5)).toBe(5);
    expect(await download(key, 5)).toBe(5);
  });

  it('stops at once when the ruleset is flushed in the middle of traffic', async () => {
    const sending = Promise.all([
      alice.end.send(alice[key], internetAddresses[key], port, 4000, 1000),
      world.internetEnd.send(internetAddresses[key], alice[key], port, 4000, 1000),
    ]);
    const passed = async (least: bigint) => {
      const now = await counters(alice[key]);
      expect(now?.upload).toBeGreaterThan(least);
      expect(now?.download).toBeGreaterThan(least);
    };
    await vi.waitFor(() => passed(20_000n), { interval: 5, timeout: 10_000 });
    await world.node.run(['nft', 'flush', 'ruleset']);
    await sending;
    expect(await world.internetEnd.received(uplinkAddresses[key], 4000)).toBeLessThan(4000);
    expect(await world.internetEnd.received(alice[key], 1)).toBe(0);
    expect(await alice.end.received(internetAddresses[key], 4000)).toBeLessThan(4000);
  });

  it.each([1, 2])('passes the reverse path check in mode %d', async (mode) => {
    const names = ['all', world.interfaceName, 'uplink'];
    const set = async (value: number) => {
      for (const name of names) {
        const path = `/proc/sys/net/ipv4/conf/${name}/rp_filter`;
        await world.node.run(['sh', '-c', 'echo "$1" > "$2"', 'sh', String(value), path]);
      }
    };
    await set(mode);
    expect(await upload(key, 5)).toBe(5);
    expect(await download(key, 5)).toBe(5);
    await set(0);
  });

  it('lets its own packets out, also without the table', async () => {
    const ping = ['ping', '-c', '2', '-i', '0.05', '-W', '2', alice[key]] as [string, ...string[]];
    expect(await world.node.run(ping)).toContain('2 received');
    await world.node.run(['nft', 'flush', 'ruleset']);
    expect(await world.node.run(ping)).toContain('2 received');
  });

  it("leaves the operator's marks to him, whenever he sets them", async () => {
    const before = `table inet operator {
      chain marks { type filter hook prerouting priority raw; meta mark set 0x1; }
      chain seen { type filter hook postrouting priority filter; meta mark & 0xff == 0x1 counter; }
    }`;
    for (const ruleset of [before, before.replace('priority raw', 'priority 50')]) {
      await world.node.run(['nft', '-f', '-'], { input: ruleset });
      expect(await upload(key, 5)).toBe(5);
      expect(await download(key, 5)).toBe(5);
      expect(await world.node.run(['nft', 'list', 'table', 'inet', 'operator'])).toMatch(
        /counter packets 1[0-9] /,
      );
      await world.node.run(['nft', 'delete', 'table', 'inet', 'operator']);
    }
  });

  it('lowers the segment size of TCP connections that pass', async () => {
    await world.internet.run(['nft', '-f', '-'], {
      input: `table inet seen {
        chain input {
          type filter hook input priority 0;
          tcp flags syn tcp option maxseg size ${settings.mtu - 60} counter
        }
      }`,
    });
    // A client with a larger MTU than the node's: nobody listens, one segment is enough.
    const tunnel = (await alice.where.run(['ip', '-j', 'route', 'show', 'default'])).match(
      /"dev":"(\w+)"/,
    )?.[1];
    await alice.where.run(['ip', 'link', 'set', String(tunnel), 'mtu', '1500']);
    await alice.where
      .run(['bash', '-c', `exec 3<>/dev/tcp/${internetAddresses[key]}/81`])
      .catch(() => undefined);
    expect(await world.internet.run(['nft', 'list', 'table', 'inet', 'seen'])).toMatch(
      /counter packets [1-9]/,
    );
    await world.internet.run(['nft', 'delete', 'table', 'inet', 'seen']);
  });
});

describe('a node without IPv6', () => {
  it('refuses it at once, so that clients fall back, and passes IPv4 and its own IPv6 address', async () => {
    await world.gate.reframe({ ...world.frame, ipv6: false });
    const asked = performance.now();
    const attempt = alice.where.run(['bash', '-c', `exec 3<>/dev/tcp/${internetAddresses.address6}/81`]);
    await expect(attempt.catch((error) => error.said(/Network is unreachable/))).resolves.toBe(true);
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(await upload('address6', 3)).toBe(0);
    expect((await counters(alice.address6))?.upload).toBe(0n);
    expect(await upload('address4', 3)).toBe(3);
    const ping = ['ping', '-c', '1', '-W', '2', settings.address6] as [string, ...string[]];
    expect(await alice.where.run(ping)).toContain('1 received');
  });
});

describe('the epoch', () => {
  it('is another one after the ruleset was saved and loaded again', async () => {
    const before = await world.gate.epoch();
    const saved = await world.node.run(['nft', 'list', 'ruleset']);
    await world.node.run(['nft', '-f', '-'], { input: `flush ruleset\n${saved}` });
    const after = await world.gate.epoch();
    expect(after).toBeDefined();
    expect(after).not.toEqual(before);
  });
});
