import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newlyHeard } from '../../../agent/reconcile/hearing.ts';
import { device, Rig, subscription } from './rig.ts';

let directory: string;
let rig: Rig;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-unheard-'));
  rig = new Rig(directory);
  await rig.say({ subscriptions: [subscription(1, { grantedBytes: 10_000_000n })], devices: [device(2)] });
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const download = (n = 2) => rig.gate.carry('download', device(n).address4, 1000n);

/** As the presence looks: what WireGuard says goes to the loop when it is news. */
async function look(before: () => Promise<void> = async () => undefined): Promise<void> {
  rig.clock.advance(1000);
  const hearing = { askedAt: rig.clock.monotonic(), peers: await rig.wireguard.activity() };
  await before();
  if (newlyHeard(rig.memory, hearing).length > 0) rig.inbox.hear(hearing);
  await rig.run();
}

const shake = (publicKey = device(2).publicKey) => rig.wireguard.act(publicKey, { latestHandshake: 1000 });

test('nothing goes to a device that never connected, and nothing of it is billed', async () => {
  await look();
  expect(download()).toBe(false);
  await rig.beat();
  expect(rig.used()).toBe(0n);
});

test('a device that only shakes hands gets its downloads at the next look, and steady looks change nothing', async () => {
  shake();
  await look();
  expect(download()).toBe(true);
  const marks = () => rig.gate.applied.flat().filter(({ kind }) => kind === 'mark' || kind === 'hear').length;
  const before = marks();
  await look();
  await look();
  expect(marks()).toBe(before);
});

test('a new key is a device that was not heard, also when the old one was', async () => {
  shake();
  await look();
  const rekeyed = device(2, { publicKey: device(9).publicKey });
  await rig.say({ devices: [rekeyed] });
  expect(download()).toBe(false);
  shake(rekeyed.publicKey);
  await look();
  expect(download()).toBe(true);
});

test('a mark that the kernel took away before a key was changed is there for the new one', async () => {
  rig.upload(2, 1);
  expect(download()).toBe(true);
  const rekeyed = device(2, { publicKey: device(9).publicKey });
  await rig.say({ devices: [rekeyed] });
  expect(download()).toBe(false);
});

test('a device that is resumed soon is heard as before', async () => {
  shake();
  await look();
  await rig.say({ devices: [device(2, { access: 'withdrawn' })] });
  expect(download()).toBe(false);
  await rig.say({ devices: [device(2)] });
  expect(download()).toBe(true);
});

test('the mark is there before the peer of a resumed device is', async () => {
  shake();
  await look();
  await rig.say({ devices: [device(2, { access: 'withdrawn' })] });
  await rig.linger();
  const upsert = rig.wireguard.upsert.bind(rig.wireguard);
  const carried: boolean[] = [];
  rig.wireguard.upsert = async (peers) => {
    carried.push(download());
    await upsert(peers);
  };
  await rig.say({ devices: [device(2)] });
  expect(carried).toEqual([false]);
  expect(download()).toBe(false);
  expect(rig.upload(2, 1)).toBe(1000n);
  expect(download()).toBe(true);
});

test('when WireGuard was restarted, all are marked before its interface takes traffic', async () => {
  shake();
  await look();
  rig.wireguard.lose();
  let carried: boolean | undefined;
  rig.host.ensure = async () => {
    carried = download();
    rig.wireguard.missing = false;
    return ['make the interface'];
  };
  await rig.run({ full: true });
  expect(carried).toBe(false);
  expect(download()).toBe(false);
  expect((await rig.wireguard.peers()).size).toBe(1);
  // It was asked before the restart: what it said then is of former sessions.
  shake();
  await look(async () => {
    rig.wireguard.lose();
    rig.wireguard.missing = false;
    await rig.run({ full: true });
  });
  expect(download()).toBe(false);
});

test('a peer that somebody else removed and added again is marked at the next look', async () => {
  shake();
  await look();
  const [peer] = [...(await rig.wireguard.peers())].map(([publicKey, addresses]) => ({
    publicKey,
    addresses,
  }));
  await rig.wireguard.remove([device(2).publicKey]);
  await rig.wireguard.upsert([
    { publicKey: device(2).publicKey, presharedKey: undefined, addresses: peer?.addresses ?? [] },
  ]);
  await look();
  expect(download()).toBe(false);
});

test('a mark that the kernel took away is no drift, and a restart leaves marks as they are', async () => {
  await rig.say({ devices: [device(3)] });
  rig.upload(2, 1);
  await rig.run({ full: true });
  expect(rig.telemetry.driftRepaired).toBe(0);
  await rig.restart();
  expect(download(2)).toBe(true);
  expect(download(3)).toBe(false);
  expect(rig.telemetry.driftRepaired).toBe(0);
});

test('a flush does not mark those who were heard', async () => {
  shake();
  await look();
  rig.gate.flush();
  await rig.run();
  await rig.run();
  expect(download()).toBe(true);
});
