import { expect, it } from 'vitest';
import { type Cause, describeCause, reasonCodes } from './reason-words.ts';
import type { RenewalTerms } from './renewal-words.ts';

const since = Date.UTC(2026, 10, 22, 12);
const subject = { subscriptionId: 'sub_1', deviceId: 'dev_1' };

const renewal: RenewalTerms = {
  ...{ period: 'once', periodDays: null, durationDays: 30, limited: true, periodEndsAt: null },
  ...{ next: null, waits: false, unpaid: false },
};

const holding = (name: string) => ({ id: name, name, countsTwice: false, awayNode: null });

const all: Cause[] = [
  { code: 'suspension', since, reason: 'unpaid' },
  { code: 'account-suspension', since, account: 'acme', reason: 'fraud', restricted: false },
  { code: 'cancelled', since, account: 'acme', reason: 'moved away' },
  { code: 'not-started', since, startsAt: since },
  { code: 'expired', since, renewal },
  {
    code: 'volume',
    since,
    volumeBytes: 1_000_000n,
    remainingBytes: 5000n,
    over: false,
    endsAt: null,
    renewal,
  },
  { code: 'removed', since },
  { code: 'replaced', since, by: 'dev_2', living: true },
  {
    code: 'seat',
    since,
    limit: 2,
    holders: ['phone', 'laptop'].map(holding),
    policy: 'reject-new',
    needTwo: [],
  },
  { code: 'shared-key', since, until: since },
  { code: 'shared-key', since, until: null },
];

it('every reason says in one line what it is, and what mends it', () => {
  expect([...new Set(all.map(({ code }) => code))]).toEqual(reasonCodes);
  expect(
    all.map((cause) => describeCause(cause, subject)).map(({ text, mend }) => `${text} | ${mend}`),
  ).toMatchInlineSnapshot(`
    [
      "the subscription is suspended: unpaid | turnpike subscription resume sub_1",
      "its account is suspended: fraud | turnpike account resume "acme"",
      "the subscription was cancelled: moved away | turnpike subscription create --account "acme" --tariff NAME makes another one",
      "the subscription starts at 2026-11-22 12:00 UTC | nothing needs to be done: it opens by itself then (see turnpike subscription show sub_1)",
      "the subscription has expired | turnpike subscription renew sub_1 --reference REFERENCE lets it go on for 30 days from then on, and adds the tariff's volume once more",
      "the volume of 1.00 MB is used up but for 5.00 kB, which nodes hold that are out of contact, or is too little for a packet | turnpike subscription top-up sub_1 SIZE --reason TEXT --reference REFERENCE",
      "the device was removed | null",
      "the same hardware enrolled again, as dev_2 | use the configuration of dev_2, or enrol this hardware once more",
      "all 2 connections of the tariff are in use, by phone, laptop | disconnect one of the devices that use them: the next one opens by itself, 60 s after its last traffic; or sell more connections",
      "its key is used in two places at once, and each counts as a connection: closed until 2026-11-22 12:00:00 UTC | turnpike device rekey dev_1, and configure one place only",
      "its key is used in two places at once, and each counts as a connection: closed until some 10 minutes after that was last seen | turnpike device rekey dev_1, and configure one place only",
    ]
  `);
});
