import type { Tx } from '../store/store.ts';
import { loadStandings } from './standings.ts';

/**
 * Before a pack is added: what was consumed of the others so far stays theirs. Otherwise a new one that expires earlier
 * would be charged with what passed before it was bought, and the older ones would be full again.
 */
export async function holdConsumption(tx: Tx, subscriptionId: string): Promise<void> {
  const packs = (await loadStandings(tx, [subscriptionId])).get(subscriptionId)?.packs ?? [];
  for (const [id, left] of packs) {
    await tx.db
      .updateTable('adjustments')
      .set((row) => ({ spent: row(row('bytes', '-', row.ref('taken')), '-', left) }))
      .where('id', '=', id)
      .execute();
  }
}
