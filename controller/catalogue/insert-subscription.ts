import { newId } from '../../common/ids.ts';
import { openFirstPeriod } from '../accounting/begin-period.ts';
import type { Context } from '../books/context.ts';
import { agreeOnTimes } from '../lifetime/agree.ts';
import { phaseAt, readTimes } from '../lifetime/phase.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { SubscriptionSettings } from './catalogue.ts';
import { takeReference } from './subscription-reference.ts';

/** Gives its id. Nothing is granted to it before `grantAllowances`. */
export async function insertSubscription(
  context: Context,
  tx: Tx,
  accountId: string,
  tariff: Row<'tariffs'>,
  settings: SubscriptionSettings,
): Promise<string> {
  const now = context.clock.now();
  const times = agreeOnTimes(settings, tariff.duration_days, now);
  const id = newId('sub');
  const reference = settings.reference === undefined ? null : await takeReference(tx, settings.reference);
  await tx.db
    .insertInto('subscriptions')
    .values({
      id,
      reference,
      account_id: accountId,
      tariff_id: tariff.id,
      period: 0,
      ...times,
      // Who creates one knows that it has begun: only later starts are events.
      phase: phaseAt({ ...readTimes(times), graceSeconds: tariff.grace_seconds }, now),
      created_at: now,
    })
    .execute();
  await openFirstPeriod(context, tx, id, times.starts_at);
  return id;
}
