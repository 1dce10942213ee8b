import { type RawBuilder, sql } from 'kysely';
import { loadFleetEnforcement } from '../catalogue/effective-enforcement.ts';
import { loadHold } from '../hold/hold.ts';
import type { Tx } from '../store/store.ts';

/**
 * When service ends, as nodes are told it: the expiry and its grace; null: never, as in observe. Milliseconds since 1970;
 * for a query over `subscriptions`, `tariffs` and `groups`.
 *
 * By the times alone, and not by the phase that was stored: whichever sweep or report comes first, a period that ends
 * with its service, or later, does not turn.
 */
export async function endOfService(tx: Tx): Promise<RawBuilder<number | null>> {
  const fleet = await loadFleetEnforcement(tx);
  const enforcement = sql`coalesce(nullif(tariffs.enforcement, 'inherit'), nullif(groups.enforcement, 'inherit'), ${fleet})`;
  // After a restore nobody expires who had not before.
  const goesOn =
    (await loadHold(tx)) === undefined
      ? sql`${enforcement} = 'observe'`
      : sql`(${enforcement} = 'observe' or subscriptions.phase != 'over')`;
  return sql<
    number | null
  >`case when ${goesOn} then null else subscriptions.expires_at + tariffs.grace_seconds * 1000 end`;
}
