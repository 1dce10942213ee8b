import { periodAt, type Schedule } from '../calendar/period.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

type Lengths = Pick<Schedule, 'kind' | 'days'>;

/** What the periods of a subscription go by. */
export interface PeriodTerms extends Lengths {
  /** Of the tariff that is in force until then: another length counts from where it is first in force. */
  readonly before: Lengths;
  readonly timeZone: string;
  /** null: nobody knows yet when the first one begins. */
  readonly anchor: number | null;
}

/** When the period ends that begins at `startsAt`; null: never. */
export type PeriodEnd = (terms: PeriodTerms, startsAt: number) => number | null;

/** By the tariff that is in force then, in the subscription's time zone. */
export const byCalendar: PeriodEnd = ({ kind, days, before, timeZone, anchor }, startsAt) => {
  const goesOn = kind === before.kind && days === before.days;
  return periodAt({ kind, days, timeZone, anchor: (goesOn ? anchor : null) ?? startsAt }, startsAt).endsAt;
};

/** Of a subscription that has one tariff only so far. */
export function termsOf(
  { time_zone, anchor_at }: Pick<Row<'subscriptions'>, 'time_zone' | 'anchor_at'>,
  { period_kind: kind, period_days: days }: Row<'tariffs'>,
): PeriodTerms {
  return { kind, days, before: { kind, days }, timeZone: time_zone, anchor: anchor_at };
}

/** Of the period in which it is: a change that waits for the next one is not in force in it. */
export async function currentPeriodEndOf(
  { periodEnd }: { readonly periodEnd: PeriodEnd },
  tx: Tx,
  subscriptionId: string,
  startsAt: number,
): Promise<number | null> {
  const { before, timeZone, anchor } = await loadTerms(tx, subscriptionId);
  return periodEnd({ ...before, before, timeZone, anchor }, startsAt);
}

/** Of the one after it. */
export async function periodEndOf(
  { periodEnd }: { readonly periodEnd: PeriodEnd },
  tx: Tx,
  subscriptionId: string,
  startsAt: number,
): Promise<number | null> {
  return periodEnd(await loadTerms(tx, subscriptionId), startsAt);
}

/** Of the next period; `before`: of the current one. */
async function loadTerms(tx: Tx, subscriptionId: string): Promise<PeriodTerms> {
  const row = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', (join) =>
      join.on((row) =>
        row('tariffs.id', '=', row.fn.coalesce('subscriptions.next_tariff_id', 'subscriptions.tariff_id')),
      ),
    )
    .innerJoin('tariffs as before', 'before.id', 'subscriptions.tariff_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select([
      'before.period_kind as kindBefore',
      'before.period_days as daysBefore',
      'tariffs.period_kind as kind',
      'tariffs.period_days as days',
      'subscriptions.time_zone as timeZone',
      'subscriptions.anchor_at as anchor',
    ])
    .executeTakeFirstOrThrow();
  const { kindBefore, daysBefore, ...terms } = row;
  return { ...terms, before: { kind: kindBefore, days: daysBefore } };
}
