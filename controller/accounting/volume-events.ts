import type { Context } from '../books/context.ts';
import { recordEvent } from '../events/record.ts';
import type { Standing } from '../ledger/withdraw.ts';
import { volumeOf } from '../ledger/withdraw.ts';
import type { Tx } from '../store/store.ts';
import type { LedgerSubscription } from './subscriptions.ts';

/** What was told of a period. */
export interface Told {
  /** The highest threshold, in percent; 0: none. */
  readonly toldPercent: number;
  readonly toldExhausted: boolean;
}

/**
 * Tells what has come about since `told`: each threshold and the exhaustion once, also where one report brings several.
 * `rearm`: volume was added, and what is no longer reached may be told again.
 */
export async function tellVolume(
  { clock }: Context,
  tx: Tx,
  subscription: LedgerSubscription,
  standing: Standing,
  { told, exhausted, rearm }: { told: Told; exhausted: boolean; rearm: boolean },
): Promise<Told> {
  const volume = volumeOf(standing);
  // Of no volume, such as after all of it was refunded, no part can be used.
  const reached = subscription.thresholds.filter(
    (percent) => volume > 0n && standing.settled * 100n >= volume * BigInt(percent),
  );
  const data = {
    period: subscription.period,
    volumeBytes: String(volume),
    usedBytes: String(standing.settled),
  };
  const about = { at: clock.now(), subscriptionId: subscription.id };
  for (const percent of reached.filter((one) => one > told.toldPercent)) {
    await recordEvent(tx, { ...about, type: 'volume.threshold', data: { ...data, percent } });
  }
  if (exhausted && !told.toldExhausted) {
    await recordEvent(tx, { ...about, type: 'volume.exhausted', data });
  }
  const highest = Math.max(0, ...reached);
  return {
    toldPercent: rearm ? highest : Math.max(highest, told.toldPercent),
    toldExhausted: exhausted || (told.toldExhausted && !rearm),
  };
}
