import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './http.ts';
import { type RunningController, startController } from './rig.ts';

let controller: RunningController;
/** Of a tariff with 1 GB a month and one device, which it has. */
let subscription: string;
/** Unlimited, with two devices. */
let another: string;
let pack: string;

beforeAll(async () => {
  controller = await startController();
  const { turnpike } = controller;
  await turnpike.text('account', 'add', 'a');
  await turnpike.text('tariff', 'add', 't', '--volume', '1GB', '--period', 'month', '--max-devices', '1');
  await turnpike.text('tariff', 'add', 'free', '--unlimited');
  subscription = (await turnpike.json('subscription', 'create', '--account', 'a', '--tariff', 't')).id;
  another = (await turnpike.json('subscription', 'create', '--account', 'a', '--tariff', 'free')).id;
  for (const id of [subscription, another, another]) await turnpike.text('device', 'add', id);
  const words = ['--reason', 'paid', '--reference', 'paid'];
  pack = (await turnpike.json('subscription', 'top-up', subscription, '5MB', ...words)).id;
}, 60_000);

afterAll(() => controller.stop());

const paid = { reason: 'paid', reference: 'another' };
const beyond = String(2n ** 63n);
/** Where, what was sent, and of the answer: status, the field, what is said of the limit. */
type Case = readonly [path: string, body: object, status: number, field: string | undefined, says: RegExp];

const tariff = (change: object, field: string, says: RegExp): Case => [
  '/v1/tariffs',
  { name: 'x', volumeBytes: '1000000000', ...change },
  400,
  field,
  says,
];

const tariffs: Case[] = [
  tariff({ volumeBytes: '-1' }, 'volumeBytes', /digits/),
  tariff(
    { volumeBytes: '0' },
    'volumeBytes',
    /0 B cannot be sold: give more than zero and at most 1152.92 PB/,
  ),
  tariff({ volumeBytes: beyond }, 'volumeBytes', /2\^63/),
  tariff({ volumeBytes: String(2n ** 60n + 1n) }, 'volumeBytes', /at most 1152.92 PB \(2\^60 bytes\)/),
  tariff({ period: 'days', periodDays: 0 }, 'periodDays', /from 1 to 3660/),
  tariff({ period: 'days' }, 'periodDays', /from 1 to 3660/),
  tariff({ period: 'month', periodDays: 30 }, 'periodDays', /only a period of "days"/),
  tariff({ period: 'year' }, 'period', /once, month, days/),
  tariff({ rollover: true }, 'rollover', /"month" or "days"/),
  tariff({ durationDays: 0 }, 'durationDays', /from 1 to 36500/),
  tariff({ graceSeconds: -1 }, 'graceSeconds', /from 0 to/),
  tariff({ thresholds: [101] }, 'thresholds/0', /from 1 to 100/),
  tariff({ thresholds: [80, 0] }, 'thresholds/1', /from 1 to 100/),
  tariff({ thresholds: [95, 80] }, 'thresholds', /each more than the one before/),
  tariff({ downloadBitsPerSecond: 0 }, 'downloadBitsPerSecond', /from 64000/),
  tariff({ uploadBitsPerSecond: -5 }, 'uploadBitsPerSecond', /from 64000/),
  tariff({ throttleBitsPerSecond: 0 }, 'throttleBitsPerSecond', /from 64000/),
  tariff({ maxDevices: 0 }, 'maxDevices', /from 1 to 1000000/),
  tariff({ maxConnections: -1 }, 'maxConnections', /from 1 to 1000000/),
  tariff({ volumeBytes: null, thresholds: [80] }, 'thresholds', /unlimited/),
];

const times: Case[] = [
  [{ timeZone: 'Europe/Nowhere' }, 'timeZone', /no time zone "Europe\/Nowhere"/] as const,
  [{ timeZone: '+03:00' }, 'timeZone', /no time zone/] as const,
  [{ starts: 'soon' }, 'starts', /"soon" is not a date/] as const,
  [{ starts: '2020-01-01' }, 'starts', /366 days/] as const,
  [
    { starts: '2040-02-01', expires: '2040-01-31' },
    'expires',
    /2040-01-31 00:00 UTC is not after the start, 2040-02-01 00:00 UTC/,
  ] as const,
  [{ expires: '2020-01-01' }, 'expires', /2020-01-01 00:00 UTC/] as const,
].map(([change, field, says]) => [
  '/v1/subscriptions',
  { account: 'a', tariff: 't', ...change },
  400,
  field,
  says,
]);

const adjustments: Case[] = [
  ['adjustments', { bytes: '0', ...paid }, 400, 'bytes', /more than zero/],
  ['adjustments', { bytes: '-5', ...paid }, 400, 'bytes', /digits/],
  ['adjustments', { bytes: beyond, ...paid }, 400, 'bytes', /2\^63 - 1/],
  [
    'adjustments',
    { bytes: String(2n ** 62n), ...paid },
    400,
    'bytes',
    /hold at most 4611.68 PB \(2\^62 bytes\) together, and there are 5.00 MB \(5000000 bytes\)/,
  ],
  ['adjustments', { bytes: '5', expires: '2020-01-01', ...paid }, 400, 'expires', /over already/],
  [
    'adjustments',
    { bytes: '6000000', reason: 'paid', reference: 'paid' },
    409,
    'reference',
    /a top-up of 5.00 MB/,
  ],
  ['refunds', { bytes: '0', ...paid }, 400, 'bytes', /more than zero/],
  [
    'refunds',
    { bytes: '2000000000', ...paid },
    400,
    'bytes',
    /2.00 GB cannot be refunded: of sub_\w+ at most 1.00 GB can \(1005000000 bytes\)/,
  ],
  ['renewals', { reference: 'r', periods: 0 }, 400, 'periods', /1/],
  ['renewals', { reference: 'r', periods: 5 }, 409, undefined, /has no expiry/],
];

async function check([path, body, status, field, says]: Case): Promise<void> {
  const answer = await ask(controller.socket, 'POST', path, body);
  const { detail, errors } = answer.body;
  expect({ status: answer.status, detail }).toEqual({ status, detail: expect.stringMatching(says) });
  expect(answer.body.type).toMatch(/^urn:turnpike:problem:/);
  if (field !== undefined) expect(errors?.[0]?.pointer).toBe(`/${field}`);
}

const shown = ([, body]: Case) => JSON.stringify(body).slice(0, 80);

describe('over the API, what cannot be is a problem document that says where, what is allowed, and what there is', () => {
  for (const one of tariffs) it(`a tariff ${shown(one)}`, () => check(one));
  for (const one of times) it(`a subscription ${shown(one)}`, () => check(one));
  for (const one of adjustments) {
    it(`${one[0]} ${shown(one)}`, () => {
      const [path, ...rest] = one;
      return check([`/v1/subscriptions/${subscription}/${path}`, ...rest]);
    });
  }

  it('a refund of a top-up that is larger than it, or that is none', async () => {
    const path = `/v1/subscriptions/${subscription}/refunds`;
    await check([
      path,
      { bytes: '5000001', pack, ...paid },
      400,
      'bytes',
      /at most 5.00 MB can \(5000000 bytes\)/,
    ]);
    const none = 'adj_0000000000000000';
    await check([path, { bytes: '1', pack: none, ...paid }, 404, undefined, new RegExp(none)]);
  });

  it('a device more than the tariff allows', async () => {
    await check([
      '/v1/devices',
      { subscription },
      409,
      undefined,
      /has 1 devices, and its tariff "t" allows 1/,
    ]);
  });

  it('a tariff for fewer devices than there are', async () => {
    const path = `/v1/subscriptions/${another}/tariff`;
    await check([path, { tariff: 't' }, 409, undefined, /has 2 devices, and the tariff t allows 1/]);
  });

  it('and nothing of it was booked or made', async () => {
    const { body } = await ask(controller.socket, 'GET', `/v1/subscriptions/${subscription}`);
    expect(body).toMatchObject({ volumeBytes: '1005000000', remainingBytes: '1005000000' });
    expect(body.adjustments.length).toBe(1);
    expect((await ask(controller.socket, 'GET', '/v1/tariffs')).body.items.length).toBe(2);
    expect((await ask(controller.socket, 'GET', '/v1/subscriptions')).body.items.length).toBe(2);
  });
});

describe('over the command line it is one line, with what to do', () => {
  const add = ['tariff', 'add', 'x'];
  const volume = ['--volume', '1GB'];
  const cases: (readonly [words: () => string[], says: RegExp])[] = [
    [() => [...add, '--volume', '-1GB'], /"-1GB" is not a size/],
    [() => [...add, '--volume', '0B'], /more than zero/],
    [() => [...add, '--volume', '50G'], /50GB .* or 50GiB/],
    [() => [...add, '--volume', '9223372036854775808B'], /2\^63 - 1/],
    [() => [...add, '--volume', '1153PB'], /at most 1152.92 PB/],
    [() => [...add, ...volume, '--period', '0d'], /period/],
    [() => [...add, ...volume, '--thresholds', '80,101'], /from 1 to 100/],
    [() => [...add, ...volume, '--download', '0Mbit'], /from 64000/],
    [() => [...add, ...volume, '--upload', '50MB'], /50Mbit/],
    [() => [...add, ...volume, '--max-devices', '0'], /from 1/],
    [
      () => ['subscription', 'create', '--account', 'a', '--tariff', 't', '--time-zone', 'Mars'],
      /"Mars".*Europe\/Berlin/,
    ],
    [
      () => [
        'subscription',
        'create',
        '--account',
        'a',
        '--tariff',
        't',
        '--starts',
        '2040-01-02',
        '--expires',
        '2040-01-01',
      ],
      /not after the start/,
    ],
    [
      () => ['subscription', 'top-up', subscription, '4700PB', '--reason', 'x', '--reference', 'y'],
      /at most 4611.68 PB/,
    ],
    [
      () => ['subscription', 'refund', subscription, '2GB', '--reason', 'x', '--reference', 'y'],
      /at most 1.00 GB/,
    ],
    [() => ['device', 'add', subscription], /allows 1/],
  ];
  for (const [words, says] of cases) {
    it(says.source, async () => expect(await controller.turnpike.refused(...words())).toMatch(says));
  }
});
