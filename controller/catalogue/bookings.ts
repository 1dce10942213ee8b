import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import type { Context } from '../books/context.ts';
import { loadAdjustments } from './adjustment-view.ts';
import { seesSubscription } from './reach.ts';
import { toRenewal } from './renewal-view.ts';
import type { Bookings } from './views.ts';
import { parseLine } from './words.ts';

/**
 * What was booked with a reference of the billing backend, on whichever subscriptions.
 * @throws TurnpikeError `not_found` when nothing was: the payment did not arrive
 */
export function findBookings({ store }: Context, text: string): Promise<Bookings> {
  const reference = parseLine('reference', text, 128);
  return store.transaction(async (tx) => {
    const booked = await tx.db
      .selectFrom('adjustments')
      .where('reference', '=', reference)
      .where(seesSubscription(tx, 'adjustments.subscription_id'))
      .select('subscription_id')
      .distinct()
      .orderBy('subscription_id')
      .execute();
    const renewed = await tx.db
      .selectFrom('renewals')
      .where('reference', '=', reference)
      .where(seesSubscription(tx, 'renewals.subscription_id'))
      .selectAll()
      .orderBy('subscription_id')
      .execute();
    if (booked.length === 0 && renewed.length === 0) {
      throw new TurnpikeError('not_found', `nothing was booked with the reference ${show(reference)}`);
    }
    const adjustments = [];
    for (const { subscription_id: id } of booked) {
      adjustments.push(...(await loadAdjustments(tx, id)).filter((one) => one.reference === reference));
    }
    return { adjustments, renewals: renewed.map(toRenewal) };
  });
}
