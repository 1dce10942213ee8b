import Type from 'typebox';
import { fastestSpeed, slowestSpeed } from '../../../common/speed.ts';
import { bytes, count, name, nullable, strict, time } from './values.ts';

const enforcement = Type.Enum(['observe', 'enforce', 'inherit'], {
  description: "inherit: the tariff's word counts before the group's, and the group's before the fleet's.",
});

/** What is allowed in each is said by the catalogue too: the bounds here are of single fields. */
const upTo = (least: number, most: number, description: string) =>
  Type.Integer({
    minimum: least,
    maximum: most,
    description,
    'x-says': `must be a whole number from ${least} to ${most}`,
  });

const speed = (description: string) =>
  nullable(
    upTo(slowestSpeed, fastestSpeed, ''),
    `${description}, in bits per second (50 Mbit/s is 50000000); null: no limit.`,
  );

const limits = {
  maxDevices: nullable(upTo(1, 1_000_000, ''), 'Devices per subscription; null: any number.'),
  maxConnections: nullable(
    upTo(1, 1_000_000, ''),
    'Devices that may pass traffic at once, over all nodes; null: any number.',
  ),
  seatPolicy: Type.Enum(['reject-new', 'evict-oldest'], {
    description:
      'Which device is closed when one more wants to pass than may. evict-oldest goes with maxConnections only.',
  }),
  sharedKey: Type.Enum(['notify', 'count'], {
    description:
      'What a key on two devices leads to: an event, or also one more connection that counts. count goes with maxConnections only.',
  }),
  requireHardwareId: Type.Boolean({ description: 'A device is added with a hardware id only.' }),
  uploadBitsPerSecond: speed('From the client'),
  downloadBitsPerSecond: speed('To the client'),
  speedScope: Type.Enum(['device', 'subscription'], {
    description: 'Whether each device has that speed, or those of a subscription on one node share it.',
  }),
  throttleBitsPerSecond: nullable(
    upTo(slowestSpeed, fastestSpeed, ''),
    'Speed each way once the volume is used up, in bits per second; null: closed then.',
  ),
  thresholds: Type.Array(upTo(1, 100, ''), {
    maxItems: 10,
    description: 'Percents of the volume, rising; each is an event once per period.',
    examples: [[80, 95]],
  }),
  period: Type.Enum(['once', 'month', 'days'], {
    description:
      "once: the volume is for the subscription's whole life. month: the calendar month of its time zone; the first one is what is left of the month. days: every periodDays from its start.",
  }),
  periodDays: nullable(upTo(1, 3660, ''), 'Of period "days"; null for the others.'),
  rollover: Type.Boolean({ description: 'What a period leaves over is added to the next one, once.' }),
  durationDays: nullable(
    upTo(1, 36_500, ''),
    'From the start of a subscription to its expiry; null: it has no expiry of its own.',
  ),
  graceSeconds: upTo(0, 31_622_400, 'After the expiry, for which service goes on.'),
};

export const Tariff = Type.Object(
  {
    id: Type.String({ description: 'Id, tar_ and 16 characters.' }),
    name: Type.String(),
    volumeBytes: nullable(bytes('Volume sold.'), 'Volume of each period, in bytes; null: unlimited.'),
    ...limits,
    group: Type.String({ description: 'Name of the group whose nodes may be used.' }),
    enforcement,
    createdAt: time('When it was added.'),
  },
  { ...strict, title: 'Tariff' },
);

const settings = Type.Partial(Type.Object(limits)).properties;
const volume = nullable(
  bytes('Volume sold.'),
  'Volume of each period, as a string of digits; null: unlimited.',
);

export const NewTariff = Type.Object(
  {
    name: name('Unique.'),
    volumeBytes: volume,
    ...settings,
    group: Type.Optional(name('Group whose nodes may be used; "default" unless given.')),
    enforcement: Type.Optional(enforcement),
  },
  strict,
);

export const TariffSettings = Type.Object({ volumeBytes: Type.Optional(volume), ...settings }, strict);

const fields = (description: string) => Type.Array(Type.String(), { description });

export const TariffChange = Type.Object(
  {
    tariff: Tariff,
    subscriptions: count('Subscriptions to it that are not cancelled.'),
    waiting: count(
      'Subscriptions that change to it with their next period: all of it is in force for them from then on.',
    ),
    atOnce: fields('Changed fields that are in force for them now.'),
    fromNextPeriod: fields('Changed fields that are in force for each from its next period on.'),
    fromNextRenewal: fields('Changed fields that are in force for each from its next renewal on.'),
  },
  { ...strict, title: 'TariffChange' },
);
