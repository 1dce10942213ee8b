import type { Context } from '../books/context.ts';
import { touchDevices, touchSubscriptions } from '../desired/touch.ts';
import { recordEvent } from '../events/record.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { endOf, type Phase, phaseAt, readTimes, type Times } from './phase.ts';

/**
 * Brings subscriptions into the phase in which they are by now: tells nodes what opens and closes, and records the
 * events of it. What was changed of their times is told to nodes too, whether the phase is another one or not.
 */
export async function settlePhases(context: Context, tx: Tx, ids: readonly string[]): Promise<void> {
  const now = context.clock.now();
  const rows = await selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .where('subscriptions.id', 'in', chunk)
      .selectAll('subscriptions')
      .select('tariffs.grace_seconds')
      .execute(),
  );
  for (const row of rows) {
    const times = { ...readTimes(row), graceSeconds: row.grace_seconds };
    const phase = phaseAt(times, now);
    if (phase === row.phase) continue;
    await tx.db.updateTable('subscriptions').set({ phase }).where('id', '=', row.id).execute();
    if (row.cancelled_at === null) await tell(tx, row, times, phase);
  }
  await touchDevices(tx, ids);
  // Only after the phase is stored: what it opens is granted anew.
  await touchSubscriptions(context, tx, ids);
}

/** Once for each step, by the time that was agreed: for how long nobody looked is nobody's business. */
async function tell(tx: Tx, row: Row<'subscriptions'>, times: Times, phase: Phase): Promise<void> {
  const about = { subscriptionId: row.id };
  if (row.phase === 'waiting' && row.starts_at !== null) {
    await recordEvent(tx, { ...about, type: 'subscription.started', at: row.starts_at });
  }
  const hadExpired = row.phase === 'grace' || row.phase === 'over';
  const hasExpired = phase === 'grace' || phase === 'over';
  if (hasExpired && !hadExpired && row.expires_at !== null) {
    const endsAt = new Date(endOf(times) ?? row.expires_at).toISOString();
    await recordEvent(tx, { ...about, type: 'subscription.expired', at: row.expires_at, data: { endsAt } });
  }
}
