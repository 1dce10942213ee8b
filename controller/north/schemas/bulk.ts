import Type from 'typebox';
import { bytesOfLine } from '../ndjson.ts';
import { Problem } from './answers.ts';
import { count, name, nullable, publicKey, shortName, strict, text } from './values.ts';

export const SubscriptionLine = Type.Object(
  {
    type: Type.Literal('subscription'),
    reference: nullable(name(''), "The operator's own: by it a line is known again. null: id names it."),
    id: Type.Optional(
      name('Where there is one with this id and none with the reference, it gets the reference.'),
    ),
    account: name('Reference or id; one that is not there yet is added.'),
    tariff: name('Name or id.'),
    timeZone: Type.Optional(name('Of the IANA time zone database. UTC unless given.')),
    starts: Type.Optional(name('"now" (unless given), "first-connection", a date or a time.')),
    expires: Type.Optional(nullable(name(''), 'A date or a time; null: it has no end.')),
    suspended: Type.Optional(nullable(text(''), 'The reason; null: it is not.')),
  },
  { ...strict, title: 'SubscriptionLine' },
);

export const DeviceLine = Type.Object(
  {
    type: Type.Literal('device'),
    subscription: name('Reference or id; its line comes before.'),
    publicKey,
    label: Type.Optional(nullable(shortName(''), 'To tell devices apart; null: none.')),
    platform: Type.Optional(nullable(shortName(''), 'Such as ios; null: none.')),
    hardwareId: Type.Optional(
      name('Any text that stays the same on one machine; stored as a keyed hash only.'),
    ),
  },
  { ...strict, title: 'DeviceLine' },
);

const dryRun = Type.Optional(
  Type.Boolean({ description: 'Nothing is changed; the answer says what would be.' }),
);

export const ImportQuery = Type.Object({ dryRun }, strict);

export const ReconcileQuery = Type.Object(
  {
    dryRun,
    suspendExtra: Type.Optional(
      Type.Boolean({
        description: 'Suspends subscriptions that the list leaves out; none where a line was refused.',
      }),
    ),
  },
  strict,
);

/** A body that is read line by line. */
export const Lines = {
  content: {
    'application/x-ndjson': {
      schema: Type.Unsafe<AsyncIterable<Uint8Array>>({
        description: `One JSON object (SubscriptionLine or DeviceLine) a line, of at most ${bytesOfLine} bytes.`,
      }),
    },
  },
};

const counts = Type.Object(
  { created: count(''), changed: count(''), unchanged: count('') },
  { ...strict, description: 'Lines, by what they led to (or would, with dryRun).' },
);

export const BulkResult = Type.Object(
  {
    dryRun: Type.Boolean(),
    lines: count('That were not empty.'),
    subscriptions: counts,
    devices: counts,
    refused: count('Lines that are wrong, or ask for what cannot be; all others were done.'),
    extra: count('Subscriptions that the list leaves out, and that are neither suspended nor cancelled.'),
    suspended: count('Of those.'),
    findings: Type.Array(
      Type.Object(
        {
          kind: Type.Enum(['refused', 'missing', 'different', 'extra'], {
            description:
              'refused: why is in problem. missing: listed, and was not there. different: was otherwise. extra: not listed.',
          }),
          line: nullable(Type.Integer(), 'From 1; null: no line speaks of it.'),
          about: nullable(Type.String(), 'Reference or id of a subscription, or public key of a device.'),
          differences: Type.Array(
            Type.Object(
              {
                field: Type.String(),
                listed: nullable(Type.String(), ''),
                found: nullable(Type.String(), ''),
              },
              strict,
            ),
          ),
          problem: Type.Union([Problem, Type.Null()]),
        },
        strict,
      ),
    ),
    leftOut: count('Findings beyond the first 10,000.'),
  },
  { ...strict, title: 'BulkResult' },
);
