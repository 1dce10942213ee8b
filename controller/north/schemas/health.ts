import Type from 'typebox';
import { bytes, count, nullable, strict, time } from './values.ts';

export const Health = Type.Object(
  {
    version: Type.String({ description: 'Of the controller.' }),
    at: time("The controller's clock, by which service begins and ends."),
    clockSteps: count('How often the wall clock stepped since the start; by which nothing was moved.'),
    databaseBytes: bytes('Size of the database.'),
    diskFreeBytes: bytes("Free on the database's disk."),
    caExpiresAt: time("When the certificate of the fleet's CA ends."),
    auditIsWhole: Type.Boolean({
      description:
        'The latest 1000 entries of the audit log are as they were written, and none is missing. Of all: GET /v1/audit/verify.',
    }),
    backupsAway: Type.Array(Type.String(), {
      description:
        'Names of backups that were made and are not in their directory: the list of removals beside them is not written.',
    }),
    removalsWritten: Type.Boolean({
      description:
        'The list of removals could be written, the last time, beside all backups that are in the directory now.',
    }),
    newestAt: nullable(
      time(
        "The latest time in the events and the audit log's latest 1000 entries. In the future: the controller's clock was ahead then.",
      ),
    ),
    failingWebhooks: Type.Array(Type.String(), {
      description: 'Ids of webhooks that take nothing just now.',
    }),
    disabledWebhooks: Type.Array(Type.String(), { description: 'Ids of webhooks that nothing is sent to.' }),
  },
  { ...strict, title: 'Health' },
);

export const Heaviest = Type.Object(
  {
    passing: count('Subscriptions that pass traffic now.'),
    items: Type.Array(
      Type.Object(
        {
          subscriptionId: Type.String(),
          accountReference: Type.String(),
          tariff: Type.String({ description: 'Name of the tariff.' }),
          bytesPerSecond: bytes('Upload and download, as the nodes measured it last. Smoothed, per second.'),
          devices: count('Its devices that pass traffic now.'),
          sharedKeys: count('Its devices whose key looks used on two devices at once.'),
          nodes: Type.Array(Type.String(), { description: 'Names of the nodes on which they do.' }),
          usedBytes: bytes('Billed in its current period.'),
          remainingBytes: Type.Unsafe<string | null>({
            type: ['string', 'null'],
            description: 'Left, in bytes, as a string of digits; null: unlimited.',
          }),
        },
        strict,
      ),
      { description: 'The heaviest first.' },
    ),
  },
  { ...strict, title: 'Heaviest' },
);
