import { expect, it } from 'vitest';
import {
  describeMoreVolume,
  describeNextVolume,
  describeRenewal,
  describeVolumeRenewal,
  type RenewalTerms,
} from './renewal-words.ts';

const day = 86_400_000;
/** As most are: of no other tariff, started, and paid for. */
const plain = { next: null, waits: false, unpaid: false } as const;
const periodEndsAt = Date.UTC(2026, 11, 1);

const terms = {
  once: {
    ...{ period: 'once', periodDays: null, durationDays: null, limited: true, periodEndsAt: null, ...plain },
  },
  'once for 90 days': {
    ...{ period: 'once', periodDays: null, durationDays: 90, limited: true, periodEndsAt: null, ...plain },
  },
  '30 days': { period: 'days', periodDays: 30, durationDays: null, limited: true, periodEndsAt, ...plain },
  '1 day, unlimited': {
    period: 'days',
    periodDays: 1,
    durationDays: null,
    limited: false,
    periodEndsAt,
    ...plain,
  },
  month: { period: 'month', periodDays: null, durationDays: null, limited: true, periodEndsAt, ...plain },
  'month for 365 days': {
    period: 'month',
    periodDays: null,
    durationDays: 365,
    limited: true,
    periodEndsAt,
    ...plain,
  },
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

const week = { period: 'days', periodDays: 7, durationDays: null, limited: true } as const;
const nexts = {
  weekly: week,
  free: { ...week, limited: false },
  'for once': { period: 'once', periodDays: null, durationDays: null, limited: true },
} as const;
const changed = (...names: (keyof typeof terms)[]) =>
  names.flatMap((name) =>
    Object.entries(nexts).map(([next, its]) => ({
      name,
      one: { ...terms[name], next: { name: next, ...its } },
    })),
  );

it('says of a tariff that waits whether the renewal is by it, and when it comes', () => {
  const words = (phase: 'over' | 'grace') =>
    changed('30 days', 'month').map(
      ({ name, one }) =>
        `${name}: ${describeRenewal('ID', one, phase).replace('turnpike subscription renew', '…')}`,
    );
  expect(words('over')).toMatchInlineSnapshot(`
    [
      "30 days: … ID --reference REFERENCE lets it go on for 7 days from then on, with the tariff "weekly" and its volume at once",
      "30 days: … ID --reference REFERENCE lets it go on for 7 days from then on, with the tariff "free" at once",
      "30 days: … ID --until DATE --reference REFERENCE lets it go on until then, with the tariff "for once" and its volume at once",
      "month: … ID --reference REFERENCE lets it go on for a month from then on, and the tariff "weekly" comes at 2026-12-01 00:00 UTC; where that is over, for 7 days from then on, with the tariff "weekly" and its volume at once",
      "month: … ID --reference REFERENCE lets it go on for a month from then on, and the tariff "free" comes at 2026-12-01 00:00 UTC; where that is over, for 7 days from then on, with the tariff "free" at once",
      "month: … ID --reference REFERENCE lets it go on for a month from then on, and the tariff "for once" comes at 2026-12-01 00:00 UTC; where that is over, until the date that --until says, with the tariff "for once" and its volume at once",
    ]
  `);
  expect(words('grace')).toMatchInlineSnapshot(`
    [
      "30 days: … ID --reference REFERENCE lets it go on for 30 days from its expiry on, and the tariff "weekly" comes at 2026-12-01 00:00 UTC",
      "30 days: … ID --reference REFERENCE lets it go on for 30 days from its expiry on, and the tariff "free" comes at 2026-12-01 00:00 UTC",
      "30 days: … ID --reference REFERENCE lets it go on for 30 days from its expiry on, and the tariff "for once" comes at 2026-12-01 00:00 UTC",
      "month: … ID --reference REFERENCE lets it go on for a month from its expiry on, and the tariff "weekly" comes at 2026-12-01 00:00 UTC",
      "month: … ID --reference REFERENCE lets it go on for a month from its expiry on, and the tariff "free" comes at 2026-12-01 00:00 UTC",
      "month: … ID --reference REFERENCE lets it go on for a month from its expiry on, and the tariff "for once" comes at 2026-12-01 00:00 UTC",
    ]
  `);
});

it('says of a tariff that waits when its volume comes', () => {
  const all = changed('30 days', 'month').flatMap(({ name, one }) => [
    `${name}: ${describeVolumeRenewal('ID', one)}`,
    `${name}: ${describeNextVolume(one, periodEndsAt)}`,
  ]);
  expect(all.map((text) => text.replaceAll('turnpike subscription', '…'))).toMatchInlineSnapshot(`
    [
      "30 days: … renew ID --reference REFERENCE brings the tariff "weekly" and its volume at once, too",
      "30 days: ; or the tariff "weekly" comes with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
      "30 days: … renew ID --reference REFERENCE brings the tariff "free" at once, too",
      "30 days: ; or the tariff "free" comes with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
      "30 days: … renew ID --until DATE --reference REFERENCE brings the tariff "for once" and its volume at once, too",
      "30 days: ; or the tariff "for once" comes with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
      "month: … renew ID --reference REFERENCE, and then the tariff "weekly" and its volume come at 2026-12-01 00:00 UTC, or at once where that is over; sooner: … top-up ID SIZE --reason TEXT --reference REFERENCE",
      "month: ; or the tariff "weekly" comes with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
      "month: … renew ID --reference REFERENCE, and then the tariff "free" comes at 2026-12-01 00:00 UTC, or at once where that is over; sooner: … top-up ID SIZE --reason TEXT --reference REFERENCE",
      "month: ; or the tariff "free" comes with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
      "month: … renew ID --reference REFERENCE, and then the tariff "for once" and its volume come at 2026-12-01 00:00 UTC, or at once where that is over; sooner: … top-up ID SIZE --reason TEXT --reference REFERENCE",
      "month: ; or the tariff "for once" comes with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-12-01 00:00 UTC",
    ]
  `);
});

it('says of what was never connected that it goes on waiting, and gets a volume only where that is sold for once', () => {
  const waiting = Object.entries(terms).map(([name, one]) => ({
    name,
    one: { ...one, periodEndsAt: null, waits: true },
  }));
  expect(
    waiting.map(({ name, one }) => `${name}: ${describeRenewal('ID', one, 'over')}`),
  ).toMatchInlineSnapshot(`
    [
      "once: turnpike subscription renew ID --until DATE --reference REFERENCE lets it go on until then, and adds the tariff's volume once more; it goes on waiting for its first connection",
      "once for 90 days: turnpike subscription renew ID --reference REFERENCE lets it go on for 90 days from then on, and adds the tariff's volume once more; it goes on waiting for its first connection",
      "30 days: turnpike subscription renew ID --reference REFERENCE lets it go on for 30 days from then on, and it goes on waiting for its first connection, with the volume that it has",
      "1 day, unlimited: turnpike subscription renew ID --reference REFERENCE lets it go on for 1 day from then on, and it goes on waiting for its first connection",
      "month: turnpike subscription renew ID --reference REFERENCE lets it go on for a month from then on, and it goes on waiting for its first connection, with the volume that it has",
      "month for 365 days: turnpike subscription renew ID --reference REFERENCE lets it go on for 365 days from then on, and it goes on waiting for its first connection, with the volume that it has",
    ]
  `);
  expect(
    waiting.map(({ name, one }) => `${name}: ${describeVolumeRenewal('ID', one)}`),
  ).toMatchInlineSnapshot(`
    [
      "once: turnpike subscription renew ID --until DATE --reference REFERENCE sells the volume anew, too",
      "once for 90 days: turnpike subscription renew ID --reference REFERENCE sells the volume anew, too",
      "30 days: turnpike subscription top-up ID SIZE --reason TEXT --reference REFERENCE",
      "1 day, unlimited: turnpike subscription top-up ID SIZE --reason TEXT --reference REFERENCE",
      "month: turnpike subscription top-up ID SIZE --reason TEXT --reference REFERENCE",
      "month for 365 days: turnpike subscription top-up ID SIZE --reason TEXT --reference REFERENCE",
    ]
  `);
});

it('says of a volume for once that came in the grace that the renewal pays for it, and after that brings it anew', () => {
  const unpaid = { ...terms['once for 90 days'], unpaid: true };
  expect(
    (['grace', 'over'] as const).map((phase) => describeRenewal('ID', unpaid, phase)),
  ).toMatchInlineSnapshot(`
    [
      "turnpike subscription renew ID --reference REFERENCE lets it go on for 90 days from its expiry on, and pays for the volume that came in its grace",
      "turnpike subscription renew ID --reference REFERENCE lets it go on for 90 days from then on, with its volume anew",
    ]
  `);
});
