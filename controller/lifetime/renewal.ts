import { TurnpikeError } from '../../common/errors.ts';
import { showTime } from '../calendar/show-time.ts';
import { addDays, addMonths } from '../calendar/time-zone.ts';
import type { Tariff } from '../catalogue/views.ts';
import type { Phase } from './phase.ts';

export interface Renewable {
  readonly id: string;
  readonly phase: Phase;
  readonly expiresAt: number | null;
  readonly timeZone: string;
  /** That is in force where the renewal begins. */
  readonly tariff: Pick<Tariff, 'name' | 'durationDays' | 'period' | 'periodDays'>;
}

/** Times are milliseconds since 1970. */
export interface Extension {
  readonly from: number;
  readonly until: number;
}

/**
 * By how much a renewal makes a subscription longer: from its expiry on, also in its grace, which is no gift; from now on
 * once service had ended. A period is the tariff's duration; of a tariff without one, its period.
 * @throws TurnpikeError `conflict` for one without an expiry, `invalid` for what would not make it longer.
 */
export function planRenewal(
  subscription: Renewable,
  wish: { readonly periods: number } | { readonly until: number },
  now: number,
): Extension {
  const { id, phase, expiresAt } = subscription;
  if (expiresAt === null) {
    throw new TurnpikeError('conflict', `subscription ${id} has no expiry that could be put off`, {
      remedy: `"turnpike subscription set ${id} --expires DATE" gives it one`,
    });
  }
  const from = phase === 'over' ? now : expiresAt;
  const until = 'until' in wish ? wish.until : lengthen(subscription, from, wish.periods);
  if (until <= from) {
    throw new TurnpikeError(
      'invalid',
      `until: ${showTime(until)} is not after ${showTime(from)}, from which it would be renewed`,
      { field: 'until' },
    );
  }
  if (until > latest) {
    throw new TurnpikeError('invalid', `periods: it would last until after ${showTime(latest)}`, {
      field: 'periods',
    });
  }
  return { from, until };
}

/** What every clock and format around us can hold. */
const latest = Date.UTC(9999, 0);

function lengthen({ tariff, timeZone }: Renewable, from: number, periods: number): number {
  if (!Number.isInteger(periods) || periods < 1 || periods > 1000) {
    throw new TurnpikeError('invalid', `periods: ${periods} cannot be: give a whole number from 1 to 1000`, {
      field: 'periods',
    });
  }
  if (tariff.durationDays !== null) return addDays(from, periods * tariff.durationDays, timeZone);
  if (tariff.period === 'days') return addDays(from, periods * (tariff.periodDays ?? 1), timeZone);
  if (tariff.period === 'month') return addMonths(from, periods, timeZone);
  throw new TurnpikeError(
    'invalid',
    `until: the tariff "${tariff.name}" has neither a duration nor periods: say until when it is renewed`,
    { field: 'until' },
  );
}
