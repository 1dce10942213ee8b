import { showTime } from '../calendar/show-time.ts';
import { isUnpaid, type Renewed } from '../lifetime/renewed-tariff.ts';
import type { Row } from '../store/schema.ts';

/** What a tariff says of a renewal. */
interface TariffTerms {
  readonly period: Row<'tariffs'>['period_kind'];
  /** Of a period of days. */
  readonly periodDays: number | null;
  /** null: a renewal is by periods. */
  readonly durationDays: number | null;
  /** There is a volume that comes anew. */
  readonly limited: boolean;
}

type NextTerms = TariffTerms & { readonly name: string };

/** What a renewal is by, and what it brings: by the tariff in force. Times are milliseconds since 1970. */
export interface RenewalTerms extends TariffTerms {
  /** The tariff that waits for the next period. */
  readonly next: NextTerms | null;
  /** When the current period ends; null: nobody knows yet, or never. */
  readonly periodEndsAt: number | null;
  /** It was never connected, and waits for that in its first period. */
  readonly waits: boolean;
  /** The current period began in the grace: nobody has paid for it. */
  readonly unpaid: boolean;
}

type Terms = Pick<Row<'tariffs'>, 'period_kind' | 'period_days' | 'duration_days' | 'volume_bytes'>;

/** `period`: the current one; `next`: the tariff that waits for the one after it. */
export function readRenewalTerms(
  { starts_at, expires_at: expiresAt }: Pick<Row<'subscriptions'>, 'starts_at' | 'expires_at'>,
  period: Renewed['period'],
  tariff: Terms,
  next: (Terms & { readonly name: string }) | undefined,
): RenewalTerms {
  return {
    ...readTerms(tariff),
    next: next === undefined ? null : { name: next.name, ...readTerms(next) },
    periodEndsAt: period.endsAt,
    waits: starts_at === null,
    unpaid: isUnpaid({ expiresAt, period }),
  };
}

function readTerms(tariff: Terms): TariffTerms {
  return {
    period: tariff.period_kind,
    periodDays: tariff.period_days,
    durationDays: tariff.duration_days,
    limited: tariff.volume_bytes !== null,
  };
}

/** The command and what comes of it, of one whose service has ended (`over`) or that is in its grace. */
export function describeRenewal(id: string, terms: RenewalTerms, phase: 'over' | 'grace'): string {
  const begun = phase === 'over' ? begunOf(terms) : undefined;
  const by = begun ?? terms;
  const length = stretchOf(by, phase) ?? 'until then';
  const brings = begun === undefined ? volumeOf(terms, phase) : `, with ${tariffOf(begun)} at once`;
  return `${renewOf(id, by)} lets it go on ${length}${brings}`;
}

/** What mends a volume that is used up, where service has ended, too. */
export function describeVolumeRenewal(id: string, terms: RenewalTerms): string {
  const { period, waits, next } = terms;
  const begun = begunOf(terms);
  if (begun !== undefined) return `${renewOf(id, begun)} brings ${tariffOf(begun)} at once, too`;
  if (period === 'once') return `${renewOf(id, terms)} sells the volume anew, too`;
  // A renewal leaves its first period as it is.
  if (waits) return topUpOf(id);
  if (period === 'days') return `${renewOf(id, terms)} begins a period with its volume anew, too`;
  const comes =
    next === null
      ? `the volume comes anew with each month of the calendar${theNext(atTurnOrNow(terms))}`
      : `${tariffOf(next)} come${next.limited ? '' : 's'}${atTurnOrNow(terms)}`;
  return `${renewOf(id, terms)}, and then ${comes}; sooner: ${topUpOf(id)}`;
}

/** What mends a volume that is used up, where service goes on. `endsAt`: when it ends; null: never. */
export function describeMoreVolume(id: string, terms: RenewalTerms, endsAt: number | null): string {
  return `${topUpOf(id)}${describeNextVolume(terms, endsAt)}`;
}

/** When it comes anew by itself; empty where it does not, or nobody knows yet. */
export function describeNextVolume(
  { period, periodEndsAt, limited, next }: RenewalTerms,
  endsAt: number | null,
): string {
  if (period === 'once' || periodEndsAt === null || !limited) return '';
  const comes = next === null ? 'it comes anew' : `the tariff "${next.name}" comes`;
  return endsAt === null || periodEndsAt < endsAt
    ? `; or ${comes} by itself, at ${showTime(periodEndsAt)}`
    : `; or ${comes} with a renewal, at ${showTime(periodEndsAt)}: without, service ends at ${showTime(endsAt)}`;
}

/** The tariff that begins with a renewal of what is over, at once; undefined: none waits, or only for the end of the month. */
function begunOf({ period, waits, next }: RenewalTerms): NextTerms | undefined {
  return period === 'days' && !waits ? (next ?? undefined) : undefined;
}

function tariffOf({ name, limited }: NextTerms): string {
  return `the tariff "${name}"${limited ? ' and its volume' : ''}`;
}

function renewOf(id: string, terms: TariffTerms): string {
  const until = lengthOf(terms) === undefined ? ' --until DATE' : '';
  return `turnpike subscription renew ${id}${until} --reference REFERENCE`;
}

/** undefined: it must be said until when. */
function stretchOf(terms: TariffTerms, phase: 'over' | 'grace'): string | undefined {
  const length = lengthOf(terms);
  return length && `for ${length} from ${phase === 'over' ? 'then' : 'its expiry'} on`;
}

/** As `planRenewal` reckons; undefined: it must be said until when. */
function lengthOf({ durationDays, period, periodDays }: TariffTerms): string | undefined {
  if (durationDays !== null) return days(durationDays);
  if (period === 'days') return days(periodDays ?? 1);
  return period === 'month' ? 'a month' : undefined;
}

/** As `resumePeriods` begins them: days are counted from the renewal on, months are the calendar's. */
function volumeOf(terms: RenewalTerms, phase: 'over' | 'grace'): string {
  const { period, periodDays, limited, next } = terms;
  if (phase === 'over' && terms.waits) return waitingOf(terms);
  if (next !== null) return `, and ${nextTariffOf(terms, next, phase)}`;
  if (!limited) return '';
  if (period === 'once') {
    if (!terms.unpaid) return ", and adds the tariff's volume once more";
    return phase === 'over' ? ', with its volume anew' : ', and pays for the volume that came in its grace';
  }
  if (period === 'month') {
    const at = phase === 'over' ? atTurnOrNow(terms) : atTurn(terms);
    return `, and each month of the calendar brings its volume anew${theNext(at)}`;
  }
  if (phase === 'over') return `, and begins a period of ${days(periodDays ?? 1)} with its volume anew`;
  return `, and periods of ${days(periodDays ?? 1)} go on, each with its volume anew${theNext(atTurn(terms))}`;
}

function waitingOf({ period, limited }: RenewalTerms): string {
  const waiting = 'it goes on waiting for its first connection';
  if (!limited) return `, and ${waiting}`;
  return period === 'once'
    ? `, and adds the tariff's volume once more; ${waiting}`
    : `, and ${waiting}, with the volume that it has`;
}

/** Where service has ended, it is in force at once if the month is over, and the renewal goes by it. */
function nextTariffOf(terms: RenewalTerms, next: NextTerms, phase: 'over' | 'grace'): string {
  const comes = `the tariff "${next.name}" comes${atTurn(terms)}`;
  if (phase === 'grace') return comes;
  const length = stretchOf(next, phase) ?? 'until the date that --until says';
  return `${comes}; where that is over, ${length}, with ${tariffOf(next)} at once`;
}

/** Empty where nobody knows yet, or never. */
function atTurn({ periodEndsAt }: RenewalTerms): string {
  return periodEndsAt === null ? '' : ` at ${showTime(periodEndsAt)}`;
}

/** While service is over, periods do not turn: the end of the current one may be over itself. */
function atTurnOrNow(terms: RenewalTerms): string {
  const at = atTurn(terms);
  return at && `${at}, or at once where that is over`;
}

const theNext = (at: string) => at && `, the next${at}`;

const topUpOf = (id: string) => `turnpike subscription top-up ${id} SIZE --reason TEXT --reference REFERENCE`;

const days = (count: number) => (count === 1 ? '1 day' : `${count} days`);
