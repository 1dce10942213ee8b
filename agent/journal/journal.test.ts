import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DesiredDevice, DesiredSubscription } from '../desired/state.ts';
import { newAccount } from '../grants/account.ts';
import { newMeter, startCounting } from '../meter/meter.ts';
import { journalFile, openJournal, readJournal } from './journal.ts';
import { ensureWireguardKey } from './key.ts';

const owner = { nodeId: 'nod_0000000000000001', incarnation: 1 };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-journal-'));
});
afterEach(() => {
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true });
});

function device(n: number): DesiredDevice {
  return {
    id: `dev_${String(n).padStart(16, '0')}`,
    revision: BigInt(n),
    subscriptionId: `sub_${String(n).padStart(16, '0')}`,
    publicKey: `${'A'.repeat(39)}${String(n).padStart(4, '0')}=`,
    presharedKey: n % 2 ? undefined : 'B'.repeat(44),
    address4: `10.64.${n >> 8}.${n & 255}`,
    address6: `fd74:7572:6e70::${n.toString(16)}`,
    access: 'open',
    ...(n % 2 && { seat: 'held' }),
  };
}

function subscription(n: number): DesiredSubscription {
  return {
    id: `sub_${String(n).padStart(16, '0')}`,
    revision: BigInt(n),
    metering: 'granted',
    grantedBytes: 2n ** 62n + BigInt(n),
    allowance: true,
    recall: 3,
    period: 2,
    periodEndsAt: 1_800_000_000_000,
    nextGrantedBytes: 5n,
    endsAt: 1_900_000_000_000,
    speed: { downloadBitsPerSecond: 2n ** 60n, scope: 'device' },
    ...(n % 2 && { throttle: { uploadBitsPerSecond: 64_000n, scope: 'subscription' } }),
  };
}

function closed(period: number) {
  const devices = [{ deviceId: device(0).id, upload: 2n ** 62n, download: 7n }];
  const figures = { granted: 2n ** 62n + 9n, writtenOff: 1n, released: 1n, recall: 2 };
  return { subscriptionId: subscription(0).id, period, since: period - 1, ...figures, devices };
}

function fill(count: number) {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const devices = numbers.map(device);
  return {
    revision: 7n,
    devices,
    subscriptions: numbers.map(subscription),
    meters: devices.map((item) =>
      startCounting(newMeter(item.id, item.subscriptionId, 2), [item.address4, item.address6]),
    ),
    accounts: numbers.map((n) => ({
      ...newAccount(subscription(n).id, 2),
      since: 2,
      armed: 262_144n,
      granted: 2n ** 62n,
      nextGranted: 5n,
    })),
  };
}

describe('the journal', () => {
  test('gives back after a restart what was committed', () => {
    const journal = openJournal(directory, owner);
    journal.commit({
      ...fill(3),
      epoch: { bootId: 'boot', table: 'tag-4' },
      validUntil: 1_700_000_000_000,
      time: { bootId: 'boot', offsetMs: 1_700_000_000_000.25, at: 1_700_000_000_999 },
      closed: [closed(1), closed(2)],
      past: { upload: 3n, download: 4n, writtenOff: 5n },
      refused: true,
      applying: true,
      report: { number: 1n, bytes: Uint8Array.of(1, 2, 3) },
    });
    journal.commit({ forgotten: [closed(1)] });
    journal.commit({ removedDevices: [device(1).id], removedSubscriptions: [subscription(1).id] });
    const before = structuredClone(journal.state);
    journal.close();

    const again = openJournal(directory, owner);
    expect(again.state).toEqual(before);
    expect(again.state.devices.size).toBe(2);
    expect(again.state.meters.size).toBe(3);
    expect(again.state.epochs).toBe(1);
    expect([...(again.state.closed.get(subscription(0).id)?.values() ?? [])]).toEqual([closed(2)]);
    again.close();
  });

  test('forgets a report once it is booked, and never uses its number again', () => {
    const journal = openJournal(directory, owner);
    journal.commit({ report: { number: 1n, bytes: Uint8Array.of(1) } });
    journal.commit({ acknowledged: 1n });
    journal.close();

    const again = openJournal(directory, owner);
    expect(again.state.report).toBeUndefined();
    expect(again.state.lastReport).toBe(1n);
    again.close();
  });

  test('a new incarnation starts with nothing', () => {
    const journal = openJournal(directory, owner);
    journal.commit(fill(3));
    journal.close();
    const again = openJournal(directory, { ...owner, incarnation: 2 });
    expect(again.state.meters.size).toBe(0);
    expect(again.state.revision).toBe(0n);
    again.close();
  });

  test('that is gone is not begun again: its node would pass once more what it has used', () => {
    const begun = { ...owner, journalBegun: true };
    openJournal(directory, owner).close();
    openJournal(directory, begun).close();
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    for (const open of [openJournal, readJournal, openJournal]) {
      expect(() => open(directory, begun)).toThrow(/journal\.db is gone/);
      expect(readdirSync(directory), 'nothing that passes for one').toEqual([]);
    }
    writeFileSync(join(directory, journalFile), '');
    for (const open of [openJournal, readJournal]) {
      expect(() => open(directory, begun), 'an empty one').toThrow(/journal\.db is gone/);
    }
    // A new identity begins its own.
    openJournal(directory, { ...owner, incarnation: 2 }).close();
    expect(() => openJournal(directory, begun)).toThrow(/another node's/);
  });

  test('that is not there yet is not made by who only looks', () => {
    expect(readJournal(directory, owner)).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a second agent on the same state directory is refused', () => {
    const journal = openJournal(directory, owner);
    expect(() => openJournal(directory, owner)).toThrow(/another agent uses .*journal\.db/);
    expect(() => readJournal(directory, owner)).toThrow(/another agent uses/);
    journal.close();
    expect(readJournal(directory, owner)?.revision).toBe(0n);
  });

  test('a damaged file is named, with what to do', () => {
    writeFileSync(join(directory, journalFile), 'x'.repeat(8192));
    expect(() => openJournal(directory, owner)).toThrow(/journal\.db is damaged/);
  });

  test('a file in which a table is gone is damaged, too', () => {
    openJournal(directory, owner).close();
    const database = new DatabaseSync(join(directory, journalFile));
    database.exec('DROP TABLE setting');
    database.close();
    expect(() => openJournal(directory, owner)).toThrow(/journal\.db is damaged/);
  });

  test('can be read by its owner only', () => {
    openJournal(directory, owner).close();
    expect(statSync(join(directory, journalFile)).mode & 0o077).toBe(0);
  });

  test('a change that fails changes nothing, on disk and in memory', () => {
    const journal = openJournal(directory, owner);
    journal.commit({ report: { number: 1n, bytes: Uint8Array.of(1) } });
    const twice = { ...fill(1), report: { number: 1n, bytes: Uint8Array.of(2) } };
    expect(() => journal.commit(twice)).toThrow();
    expect(journal.state.devices.size).toBe(0);
    journal.commit(fill(1));
    journal.close();
    expect(readJournal(directory, owner)?.devices.size).toBe(1);
  });
});

test('the node’s WireGuard key is made once, private to the agent', async () => {
  const key = await ensureWireguardKey(directory, {});
  expect(Buffer.from(key.publicKey, 'base64')).toHaveLength(32);
  expect(await ensureWireguardKey(directory, { journalBegun: true })).toEqual(key);
  expect(statSync(join(directory, 'wireguard.key')).mode & 0o077).toBe(0);
});
