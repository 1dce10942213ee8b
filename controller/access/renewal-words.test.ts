import { expect, it } from 'vitest';
import {
  describeMoreVolume,
  describeRenewal,
  describeVolumeRenewal,
  type RenewalTerms,
} from './renewal-words.ts';

const day = 86_400_000;
const periodEndsAt = Date.UTC(2026, 11, 1);

const terms = {
  once: {
    ...{ period: 'once', periodDays: null, durationDays: null, limited: true, periodEndsAt: null },
  },
  'once for 90 days': {
    ...{ period: 'once', periodDays: null, durationDays: 90, limited: true, periodEndsAt: null },
  },
  '30 days': { period: 'days', periodDays: 30, durationDays: null, limited: true, periodEndsAt },
  '1 day, unlimited': { period: 'days', periodDays: 1, durationDays: null, limited: false, periodEndsAt },
  month: { period: 'month', periodDays: null, durationDays: null, limited: true, periodEndsAt },
  'month for 365 days': { period: 'month', periodDays: null, durationDays: 365, limited: true, periodEndsAt },
} as const satisfies Record<string, RenewalTerms>;

const each = (describe: (terms: RenewalTerms) => string) =>
  Object.entries(terms).map(([name, one]) => `${name}: ${describe(one)}`);

it('says how long a renewal is, and what becomes of the volume', () => {
  expect(each((one) => describeRenewal('sub_1', one, 'over'))).toMatchInlineSnapshot(`
    [
      "once: turnpike subscription renew sub_1 --until DATE --reference REFERENCE lets it go on until then, and adds the tariff's volume once more",
      "once for 90 days: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 90 days from then on, and adds the tariff's volume once more",
      "30 days: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 30 days from then on, and begins a period of 30 days with its volume anew",
      "1 day, unlimited: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 1 day from then on",
      "month: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for a month from then on, and each month of the calendar brings its volume anew, the next at 2026-12-01 00:00 UTC, or at once where that is over",
      "month for 365 days: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 365 days from then on, and each month of the calendar brings its volume anew, the next at 2026-12-01 00:00 UTC, or at once where that is over",
    ]
  `);
});

it('says in the grace that the renewal counts from the expiry on, and that periods go on', () => {
  expect(each((one) => describeRenewal('sub_1', one, 'grace'))).toMatchInlineSnapshot(`
    [
      "once: turnpike subscription renew sub_1 --until DATE --reference REFERENCE lets it go on until then, and adds the tariff's volume once more",
      "once for 90 days: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 90 days from its expiry on, and adds the tariff's volume once more",
      "30 days: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 30 days from its expiry on, and periods of 30 days go on, each with its volume anew, the next at 2026-12-01 00:00 UTC",
      "1 day, unlimited: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 1 day from its expiry on",
      "month: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for a month from its expiry on, and each month of the calendar brings its volume anew, the next at 2026-12-01 00:00 UTC",
      "month for 365 days: turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 365 days from its expiry on, and each month of the calendar brings its volume anew, the next at 2026-12-01 00:00 UTC",
    ]
  `);
});

it('says when the volume of what has expired comes anew', () => {
  expect(each((one) => describeVolumeRenewal('sub_1', one))).toMatchInlineSnapshot(`
    [
      "once: turnpike subscription renew sub_1 --until DATE --reference REFERENCE sells the volume anew, too",
      "once for 90 days: turnpike subscription renew sub_1 --reference REFERENCE sells the volume anew, too",
      "30 days: turnpike subscription renew sub_1 --reference REFERENCE begins a period with its volume anew, too",
      "1 day, unlimited: turnpike subscription renew sub_1 --reference REFERENCE begins a period with its volume anew, too",
      "month: turnpike subscription renew sub_1 --reference REFERENCE, and then the volume comes anew with each month of the calendar, the next at 2026-12-01 00:00 UTC, or at once where that is over; sooner: turnpike subscription top-up sub_1 SIZE --reason TEXT --reference REFERENCE",
      "month for 365 days: turnpike subscription renew sub_1 --reference REFERENCE, and then the volume comes anew with each month of the calendar, the next at 2026-12-01 00:00 UTC, or at once where that is over; sooner: turnpike subscription top-up sub_1 SIZE --reason TEXT --reference REFERENCE",
    ]
  `);
});

it('says when a volume that is used up comes anew, and whether by itself', () => {
  const ends = [null, periodEndsAt, periodEndsAt + day];
  expect(ends.map((endsAt) => describeMoreVolume('sub_1', terms['30 days'], endsAt))).toMatchInlineSnapshot(`
    [
      "turnpike subscription top-up sub_1 SIZE --reason TEXT --reference REFERENCE; or it comes anew by itself, at 2026-12-01 00:00 UTC",
      "turnpike subscription top-up sub_1 SIZE --reason TEXT --reference REFERENCE; or it comes anew with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
      "turnpike subscription top-up sub_1 SIZE --reason TEXT --reference REFERENCE; or it comes anew by itself, at 2026-12-01 00:00 UTC",
    ]
  `);
  expect(describeMoreVolume('sub_1', terms.once, null)).not.toContain('anew');
});
