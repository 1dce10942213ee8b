import type { GateReading } from '../gate/model.ts';
import { settle } from '../grants/account.ts';
import { readMeters, stopCounting, usedBytes } from '../meter/meter.ts';
import type { Journal } from './journal.ts';

/**
 * Books the last reading before the counters are taken down, when nothing passes any more: what was armed and did not
 * pass is spare again, so nothing has to be written off. Where a counter is lost the account stays as it is, and what
 * is unread is written off by the next start.
 */
export function bookLastReading(journal: Journal, reading: GateReading): void {
  const { state } = journal;
  if (state.epoch?.bootId !== reading.epoch.bootId || state.epoch.table !== reading.epoch.table) return;
  const { changed, disturbed, missing } = readMeters(state.meters.values(), reading.counters);
  const meters = new Map([...state.meters, ...changed.map((meter) => [meter.deviceId, meter] as const)]);
  const unsure = new Set(disturbed);
  for (const id of missing) unsure.add(meters.get(id)?.subscriptionId ?? '');
  const used = new Map<string, bigint>();
  for (const meter of meters.values()) {
    if (meter.period !== state.accounts.get(meter.subscriptionId)?.period) continue;
    used.set(meter.subscriptionId, (used.get(meter.subscriptionId) ?? 0n) + usedBytes(meter));
  }
  const accounts = [...state.accounts.values()]
    .filter(({ subscriptionId, disturbed }) => !disturbed && !unsure.has(subscriptionId))
    .map((account) => settle(account, used.get(account.subscriptionId) ?? 0n, 0n));
  const counting = [...meters.values()].filter(({ counted }) => counted.length > 0);
  journal.commit({ meters: counting.map(stopCounting), accounts, epoch: null });
}
