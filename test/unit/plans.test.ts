import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { openStore } from '../../controller/store/store.ts';
import { interpose } from '../simulation/disk.ts';
import { memoryDirectory } from '../simulation/memory-directory.ts';
import { runPlan } from '../simulation/run.ts';
import { drawPlan } from '../simulation/steps.ts';

/** They have rows for each customer, or for all that ever happened to one. */
const growing = [
  ...[
    'accounts',
    'subscriptions',
    'periods',
    'adjustments',
    'renewals',
    'slots',
    'devices',
    'grants',
    'usage',
  ],
  ...['usage_days', 'departures', 'events', 'deliveries', 'audit', 'idempotency_keys'],
];

const harmless = [
  // Indexes of the few rows with which something is to be done.
  /USING (COVERING )?INDEX (grants_wanting|adjustments_pending|adjustments_expiring|periods_reduced|accounts_restricted)\b/,
  // One row, from an end.
  /^SCAN \w+: select [^(]* order by "(id|slot)"( desc)? limit \?$/,
  // What is too old is at the beginning, and is deleted then.
  /^SCAN audit: select "id" from "audit" where "at" >= \? order by "id" limit \?$/,
  // Once, at the start.
  /^SCAN devices [^:]*: select "subscription_id" from "devices" where "removed_at" is null and \("parked"/,
  // Once a day.
  /^SCAN devices: UPDATE devices SET last_seen_day/,
];

afterEach(() => void vi.restoreAllMocks());

/** Every statement of the controller in a few worlds in which all goes wrong that can. */
async function statementsOfWorlds(seeds: readonly number[]): Promise<Set<string>> {
  const texts = new Set<string>();
  interpose();
  const { prepare } = DatabaseSync.prototype;
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
    this: DatabaseSync,
    text,
    options,
  ) {
    texts.add(text);
    return prepare.call(this, text, options);
  });
  for (const seed of seeds) await runPlan(drawPlan(seed));
  vi.restoreAllMocks();
  return texts;
}

it('nothing that goes on by itself reads a whole table of customers', async () => {
  const path = join(memoryDirectory(), `turnpike-plans-${process.pid}.db`);
  await (await openStore(path)).close();
  const database = new DatabaseSync(path);
  const scans: string[] = [];
  let seen = 0;
  for (const text of await statementsOfWorlds([1, 2, 3, 4, 5, 6, 7, 8])) {
    let plan: readonly { detail: string }[];
    try {
      plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all() as unknown as typeof plan;
    } catch {
      // Of the agent's journal, or no statement that has a plan.
      continue;
    }
    seen += 1;
    const whole = plan.filter(({ detail }) => growing.includes(/^SCAN (\w+)/.exec(detail)?.[1] ?? ''));
    for (const { detail } of whole) scans.push(`${detail}: ${text}`);
  }
  database.close();
  await rm(path);
  expect(seen).toBeGreaterThan(100);
  expect(scans.filter((scan) => !harmless.some((pattern) => pattern.test(scan)))).toEqual([]);
});
