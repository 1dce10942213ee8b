import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../../agent/journal/journal.ts';
import { device, Rig, subscription, subscriptionId } from './rig.ts';

const psk = Buffer.from('p'.repeat(32)).toString('base64');
const leaving = device(2, { presharedKey: psk });
/** What must be found nowhere. */
const traces = [subscriptionId(1), leaving.id, leaving.publicKey, psk];
const stays = device(3, { subscriptionId: subscriptionId(2) });

let directory: string;
let rig: Rig;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-erase-'));
  rig = new Rig(directory);
  await rig.say({ subscriptions: [subscription(1), subscription(2)], devices: [leaving, stays] });
  rig.upload(2, 10);
  rig.upload(3, 10);
  await rig.beat();
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const erase = () => rig.say({ erasedSubscriptionIds: [subscriptionId(1)] });

/** Which traces are in any byte of the state directory. */
function found(): string[] {
  const bytes = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  return traces.filter((trace) => bytes.some((file) => file.includes(trace)));
}

/** Acknowledges what is under way, until nothing more is. Gives what it named. */
async function acknowledgeAll(): Promise<string[]> {
  const named: string[] = [];
  for (let count = 0; count < 6; count += 1) {
    const report = rig.report();
    named.push(...(report?.subscriptions ?? []).map(({ subscriptionId: id }) => id));
    await rig.beat(5000);
  }
  return named;
}

describe('an erased subscription', () => {
  test('is nowhere on the node any more, not in a byte of the journal', async () => {
    await acknowledgeAll();
    expect(found()).toEqual(traces);
    await erase();
    expect(found()).toEqual([]);
    expect([...(await rig.wireguard.peers()).keys()]).toEqual([stays.publicKey]);
    expect(rig.upload(2, 1)).toBe(0n);
    expect(rig.upload(3, 1)).toBe(1000n);
    expect([...rig.journal.state.meters.keys()]).toEqual([stays.id]);
    expect([...rig.memory.members.keys(), ...rig.memory.used.keys()]).not.toContain(subscriptionId(1));
  });

  test('is gone also after restarts, and after the controller says it again', async () => {
    await acknowledgeAll();
    await erase();
    await rig.restart();
    await erase();
    await rig.restart();
    expect(found()).toEqual([]);
    expect(await rig.inbox.erased()).toBe(rig.revision);
  });

  test('waits for the report that may name it, and is named in none after it', async () => {
    expect(rig.inbox.next()).toBeDefined();
    await erase();
    let told = false;
    const erased = rig.inbox.erased().then(() => {
      told = true;
    });
    await rig.beat(5000);
    expect(found()).toContain(subscriptionId(1));
    expect(told).toBe(false);
    rig.report();
    const named = await acknowledgeAll();
    await erased;
    expect(named).not.toContain(subscriptionId(1));
    expect(found()).toEqual([]);
  });

  test('is erased after a crash in the middle', async () => {
    await erase();
    await rig.restart();
    expect(found()).toContain(subscriptionId(1));
    await acknowledgeAll();
    expect(found()).toEqual([]);
  });

  test('does not hold up what others report', async () => {
    await acknowledgeAll();
    rig.upload(3, 5);
    await rig.beat(5000);
    await erase();
    expect(rig.inbox.next()).toBeDefined();
    rig.report();
    rig.upload(3, 5);
    await rig.beat(5000);
    // The next one is under way, and does not name it.
    expect(rig.inbox.next()).toBeDefined();
    expect(found()).toEqual([]);
  });

  test('leaves the sums of the node as they were', async () => {
    const sum = () => {
      const meters = [...rig.journal.state.meters.values()];
      return meters.reduce((all, { upload }) => all + upload, rig.journal.state.past.upload);
    };
    await acknowledgeAll();
    const before = sum();
    expect(before).toBe(20_000n);
    await erase();
    expect(sum()).toBe(before);
  });
});

test('a journal of an earlier identity leaves nothing behind', async () => {
  await acknowledgeAll();
  rig.journal.close();

  const journal = openJournal(directory, { nodeId: 'nod_0000000000000001', incarnation: 2 });
  expect(found()).toEqual([]);
  journal.close();
  rig.start();
});
