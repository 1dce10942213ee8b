import type { Row } from '../store/schema.ts';
import { showTime } from './show-time.ts';

/** What a renewal is by, and what it brings. Times are milliseconds since 1970. */
export interface RenewalTerms {
  readonly period: Row<'tariffs'>['period_kind'];
  /** Of a period of days. */
  readonly periodDays: number | null;
  /** null: a renewal is by periods. */
  readonly durationDays: number | null;
  /** There is a volume that comes anew. */
  readonly limited: boolean;
  /** When the current period ends; null: nobody knows yet, or never. */
  readonly periodEndsAt: number | null;
}

export function readRenewalTerms(
  tariff: Pick<Row<'tariffs'>, 'period_kind' | 'period_days' | 'duration_days' | 'volume_bytes'>,
  periodEndsAt: number | null,
): RenewalTerms {
  return {
    period: tariff.period_kind,
    periodDays: tariff.period_days,
    durationDays: tariff.duration_days,
    limited: tariff.volume_bytes !== null,
    periodEndsAt,
  };
}

/** The command and what comes of it, of one whose service has ended (`over`) or that is in its grace. */
export function describeRenewal(id: string, terms: RenewalTerms, phase: 'over' | 'grace'): string {
  const from = phase === 'over' ? 'from then on' : 'from its expiry on';
  const length = lengthOf(terms);
  return length === undefined
    ? `turnpike subscription renew ${id} --until DATE --reference REFERENCE lets it go on until then${volumeOf(terms, phase)}`
    : `turnpike subscription renew ${id} --reference REFERENCE lets it go on for ${length} ${from}${volumeOf(terms, phase)}`;
}

/** What mends a volume that is used up, where service has ended, too. */
export function describeVolumeRenewal(id: string, terms: RenewalTerms): string {
  const until = lengthOf(terms) === undefined ? ' --until DATE' : '';
  const command = `turnpike subscription renew ${id}${until} --reference REFERENCE`;
  if (terms.period === 'once') return `${command} sells the volume anew, too`;
  if (terms.period === 'days') return `${command} begins a period with its volume anew, too`;
  return `${command}, and then the volume comes anew with each month of the calendar${nextOf(terms)}; sooner: ${topUpOf(id)}`;
}

/** What mends a volume that is used up, where service goes on. `endsAt`: when it ends; null: never. */
export function describeMoreVolume(id: string, terms: RenewalTerms, endsAt: number | null): string {
  return `${topUpOf(id)}${describeNextVolume(terms, endsAt)}`;
}

/** When it comes anew by itself; empty where it does not, or nobody knows yet. */
export function describeNextVolume(
  { period, periodEndsAt, limited }: RenewalTerms,
  endsAt: number | null,
): string {
  if (period === 'once' || periodEndsAt === null || !limited) return '';
  return endsAt === null || periodEndsAt < endsAt
    ? `; or it comes anew by itself, at ${showTime(periodEndsAt)}`
    : `; or it comes anew with a renewal, at ${showTime(periodEndsAt)}: without, service ends at ${showTime(endsAt)}`;
}

/** As `planRenewal` reckons; undefined: it must be said until when. */
function lengthOf({ durationDays, period, periodDays }: RenewalTerms): string | undefined {
  if (durationDays !== null) return days(durationDays);
  if (period === 'days') return days(periodDays ?? 1);
  return period === 'month' ? 'a month' : undefined;
}

/** As `resumePeriods` begins them: days are counted from the renewal on, months are the calendar's. */
function volumeOf(terms: RenewalTerms, phase: 'over' | 'grace'): string {
  const { period, periodDays, periodEndsAt, limited } = terms;
  if (!limited) return '';
  if (period === 'once') return ", and adds the tariff's volume once more";
  const next = periodEndsAt === null ? '' : `, the next at ${showTime(periodEndsAt)}`;
  if (period === 'month') {
    return `, and each month of the calendar brings its volume anew${phase === 'over' ? nextOf(terms) : next}`;
  }
  if (phase === 'over') return `, and begins a period of ${days(periodDays ?? 1)} with its volume anew`;
  return `, and periods of ${days(periodDays ?? 1)} go on, each with its volume anew${next}`;
}

/** While service is over, periods do not turn: the end of the current one may be over itself. */
function nextOf({ periodEndsAt }: RenewalTerms): string {
  return periodEndsAt === null
    ? ''
    : `, the next at ${showTime(periodEndsAt)}, or at once where that is over`;
}

const topUpOf = (id: string) => `turnpike subscription top-up ${id} SIZE --reason TEXT --reference REFERENCE`;

const days = (count: number) => (count === 1 ? '1 day' : `${count} days`);
