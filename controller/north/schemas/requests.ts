import Type from 'typebox';
import { scopes } from '../../catalogue/api-key-scopes.ts';
import { bytes, name, nullable, publicKey, shortName, strict, text } from './values.ts';

const enforcement = Type.Enum(['observe', 'enforce', 'inherit']);
const cidr = Type.String({ minLength: 3, maxLength: 49 });

/** Items per page, unless a caller wants another number. */
export const pageLimit = 100;

export const paging = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: pageLimit, description: 'Items per page.' }),
  ),
  // Room for the longest reference: 128 characters of three bytes, and the id, in base64url.
  cursor: Type.Optional(
    Type.String({ maxLength: 600, description: '`next` of the page before, as it came.' }),
  ),
};

export const search = (what: string) => ({
  search: Type.Optional(name(`${what}; the list is in that order then.`)),
});

export const NewAccount = Type.Object(
  {
    reference: name("The operator's own reference to a customer: no name, no e-mail."),
    tag: Type.Optional(name('API keys can be confined to it. The one of the key unless given.')),
  },
  strict,
);

export const AccountChange = Type.Object(
  { tag: Type.Optional(nullable(name(''), 'API keys can be confined to it; null: none.')) },
  strict,
);

const instant =
  'a date such as 2026-12-31 (its first moment in the time zone) or a time such as 2026-12-31T18:00:00Z';

const settings = {
  reference: Type.Optional(name("The operator's own, unique among subscriptions.")),
  timeZone: Type.Optional(
    name(
      'Of the IANA time zone database, such as Europe/Berlin: by it days and months begin. UTC unless given.',
    ),
  ),
  starts: Type.Optional(name(`"now" (unless given), "first-connection", or ${instant}.`)),
  expires: Type.Optional(
    nullable(
      name(''),
      `${instant}; null: it has no end. Unless given, the tariff's duration after the start.`,
    ),
  ),
};

/** Else with all accounts that it is linked with. */
export const onlyThis = {
  only: Type.Optional(
    Type.Boolean({ description: 'This account alone; otherwise with all that it is linked with.' }),
  ),
};

export const AccountLink = Type.Object({ with: name('Reference or id of the other account.') }, strict);

export const AccountSuspension = Type.Object(
  { reason: text('For whoever reads the books later.'), ...onlyThis },
  strict,
);

export const NewSubscription = Type.Object(
  { account: name('Reference or id.'), tariff: name('Name or id.'), ...settings },
  strict,
);

export const SubscriptionTimes = Type.Object(settings, strict);

export const NewRenewal = Type.Object(
  {
    reference: name("The operator's own, such as the number of the payment; never booked twice."),
    periods: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description:
          "How many of the tariff's durations; of its periods, where it has no duration. 1 unless given.",
      }),
    ),
    until: Type.Optional(name(`In place of periods: ${instant}.`)),
  },
  strict,
);

export const Cancellation = Type.Object({ reason: text('For whoever reads the books later.') }, strict);

export const TariffOfSubscription = Type.Object(
  {
    tariff: name('Name or id of the new one.'),
    when: Type.Optional(
      Type.Enum(['now', 'next-period'], {
        description: 'next-period: when its period turns. now unless given.',
      }),
    ),
  },
  strict,
);

const occasion = {
  reason: text('For whoever reads the books later.'),
  reference: name("The operator's own, such as the number of the payment; never booked twice."),
};

export const TopUp = Type.Object(
  {
    bytes: bytes('Volume to add: a pack.'),
    ...occasion,
    expires: Type.Optional(
      name(
        "When what is left of it is gone: a date (its first moment in the subscription's time zone) or a time with its offset; never unless given.",
      ),
    ),
  },
  strict,
);

export const Refund = Type.Object(
  {
    bytes: bytes('Volume to take back.'),
    ...occasion,
    pack: Type.Optional(name('Id of the top-up of which alone it is taken.')),
  },
  strict,
);

export const Reversal = Type.Object(occasion, strict);

export const Suspension = Type.Object({ reason: text('For whoever reads the books later.') }, strict);

export const UsageQuery = Type.Object(
  {
    subscription: name('Id, or the account when it has one.'),
    period: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Number of the period; the current one unless given.' }),
    ),
  },
  strict,
);

export const NewDevice = Type.Object(
  {
    subscription: name('Id, or the account when it has one.'),
    publicKey: Type.Optional(publicKey),
    label: Type.Optional(shortName('To tell devices apart.')),
    platform: Type.Optional(shortName('Such as ios.')),
    hardwareId: Type.Optional(
      name(
        'Any text that stays the same on one machine; stored as a keyed hash only. The same one again, in the same subscription, replaces the device: same addresses, other keys.',
      ),
    ),
  },
  strict,
);

export const DeviceChange = Type.Object(
  {
    label: Type.Optional(nullable(shortName('To tell devices apart.'), 'To tell devices apart; null: none.')),
    platform: Type.Optional(nullable(shortName('Such as ios.'), 'Such as ios; null: none.')),
  },
  strict,
);

export const NewKey = Type.Object({ publicKey: Type.Optional(publicKey) }, strict);

export const ConfigRequest = Type.Object(
  {
    node: name('Name or id of the node.'),
    privateKey: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]{43}=$',
        description: "The device's private key, to be put in. It is not stored.",
        'x-says': 'must be a WireGuard key: 32 bytes in base64',
      }),
    ),
    format: Type.Optional(
      Type.Enum(['wg-quick', 'qr-svg', 'qr-terminal'], {
        description:
          'wg-quick (unless given): text; the others: a QR code of it, for web pages or terminals.',
      }),
    ),
  },
  strict,
);

const nodeFields = {
  name: name('Unique: letters, digits, dots, underscores and hyphens.'),
  endpoint: Type.String({ maxLength: 260, description: 'Where clients reach it: HOST:PORT (UDP).' }),
};

const multiplier = Type.Number({
  minimum: 0.001,
  maximum: 1000,
  description: 'What a byte here counts against volumes, in thousandths; from the next period of each on.',
});

export const NewNode = Type.Object(
  {
    ...nodeFields,
    group: Type.Optional(name('"default" unless given.')),
    multiplier: Type.Optional(multiplier),
  },
  strict,
);

export const NodeChange = Type.Partial(
  Type.Object({ ...nodeFields, group: name('Whose devices it serves.'), multiplier }),
  strict,
);

const groupSettings = {
  enforcement: Type.Optional(enforcement),
  dns: Type.Optional(
    Type.Array(Type.String({ maxLength: 45 }), {
      maxItems: 8,
      description: 'IP addresses of name servers for clients.',
    }),
  ),
  mtu: Type.Optional(Type.Integer({ minimum: 1280, maximum: 9000, description: 'Of the tunnel, in bytes.' })),
  allowedIps: Type.Optional(
    Type.Array(cidr, { minItems: 1, maxItems: 500, description: 'CIDR: what clients send into the tunnel.' }),
  ),
  keepaliveSeconds: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 65_535, description: 'Persistent keepalive of clients; 0: none.' }),
  ),
};

export const NewGroup = Type.Object({ name: name('Unique.'), ...groupSettings }, strict);

export const GroupChange = Type.Object(groupSettings, strict);

export const EnforcementSwitch = Type.Object(
  {
    enforcement,
    group: Type.Optional(name('For the nodes of this group.')),
    tariff: Type.Optional(name('For the subscriptions of this tariff.')),
  },
  strict,
);

export const IdempotencyKey = Type.Optional(
  Type.String({
    minLength: 16,
    maxLength: 200,
    pattern: '^[\\x21-\\x7e]+$',
    description:
      'A random text such as a UUID, new for each change. The same request sent again with it within 24 hours changes nothing and is answered as the first time.',
    'x-says': 'must be 16 to 200 printable characters without spaces, such as a random UUID',
  }),
);

export const IfMatch = Type.Optional(
  Type.String({
    maxLength: 500,
    description: 'The ETag of the thing as it was read: changed only when it still is so, otherwise 412.',
  }),
);

const expires = nullable(
  name(''),
  'A date such as 2027-12-31 (its first moment, UTC) or a time such as 2027-12-31T18:00:00Z; null: never.',
);

const apiKeySettings = {
  scopes: Type.Array(Type.Enum([...scopes]), {
    minItems: 1,
    maxItems: scopes.length,
    description:
      'read: look at everything but keys and webhooks. support: also suspend, resume, rekey, top up within the budget. subscriptions: also accounts, subscriptions, devices. nodes: read, nodes and groups. admin: all.',
  }),
  tag: nullable(
    name(''),
    'Confines it to accounts with this tag and what is theirs, also what it adds; null: to none.',
  ),
  budgetBytes: nullable(
    bytes(''),
    'Volume that this key may sell, ever, as a string of digits; null: no limit of its own, but nothing for a key of scope support.',
  ),
  expires,
};

export const NewApiKey = Type.Object(
  {
    name: name('Unique, to tell keys apart.'),
    scopes: apiKeySettings.scopes,
    tag: Type.Optional(apiKeySettings.tag),
    budgetBytes: Type.Optional(apiKeySettings.budgetBytes),
    expires: Type.Optional(expires),
  },
  strict,
);

export const ApiKeyChange = Type.Partial(Type.Object(apiKeySettings), strict);

export const ApiKeyRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        description: 'How long the key goes on that is rotated out; a day unless given.',
      }),
    ),
  },
  strict,
);

export const CaFinish = Type.Object(
  {
    abandon: Type.Optional(
      Type.Boolean({ description: 'Also when nodes do not know the new CA; they must join anew then.' }),
    ),
  },
  strict,
);
