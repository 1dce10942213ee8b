import Type, { type TSchema } from 'typebox';
import { reasonCodes } from '../../access/reason-words.ts';
import { scopes } from '../../catalogue/api-key-scopes.ts';
import { eventTypes } from '../../events/record.ts';
import { bytes, count, nullable, signedBytes, strict, time } from './values.ts';

const id = (kind: string) => Type.String({ description: `Id, ${kind}_ and 16 characters.` });
const enforcement = Type.Enum(['observe', 'enforce'], { description: 'What is in force.' });
const enforcementChoice = Type.Enum(['observe', 'enforce', 'inherit'], {
  description: "inherit: the tariff's word counts before the group's, and the group's before the fleet's.",
});

/** A list, page by page. */
export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object(
    {
      items: Type.Array(item),
      next: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'Cursor of the next page; null on the last one.',
      }),
    },
    strict,
  );

export const Account = Type.Object(
  {
    id: id('acc'),
    reference: Type.String({ description: "The operator's own reference, opaque to us." }),
    tag: nullable(Type.String(), 'API keys can be confined to it; null: none.'),
    linked: Type.Array(Type.String(), { description: 'References of the accounts that it is linked with.' }),
    suspendedAt: nullable(
      time(''),
      'Since when all its subscriptions are closed, also those to come; or null.',
    ),
    suspensionReason: nullable(Type.String(), 'Null unless it is suspended.'),
    restrictedAt: nullable(time(''), 'Since when it is kept and not used; or null.'),
    createdAt: time('When it was added.'),
  },
  { ...strict, title: 'Account' },
);

const Reason = Type.Object(
  {
    code: Type.Enum(reasonCodes),
    text: Type.String({ description: 'One sentence for a person.' }),
    since: time('Since when.'),
    mend: nullable(Type.String(), 'What mends it; null where nothing does.'),
    nodes: Type.Unsafe<string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string' },
      description:
        'Names of the nodes on which it is closed for sure; null: all of them. Only /v1/explain names some, where others are out of contact and may not have heard of it.',
    }),
  },
  { ...strict, title: 'Reason' },
);

const Access = Type.Object(
  {
    state: Type.Enum(['open', 'closed']),
    reasons: Type.Array(Reason, { description: 'In force. Empty when open.' }),
    wouldClose: Type.Array(Reason, { description: 'What would close it, were it not for observe.' }),
  },
  { ...strict, title: 'Access' },
);

const subscriptionFields = {
  id: id('sub'),
  reference: nullable(Type.String(), "The operator's own; null: none."),
  accountId: id('acc'),
  accountReference: Type.String(),
  tariff: Type.String({ description: 'Name of the tariff.' }),
  maxDevices: nullable(count('Devices at most.'), 'Devices at most; null: any number.'),
  devices: count('Devices that are not removed.'),
  period: count('Number of the current period, from 1; 0 before the first one. What follows is of it.'),
  periodEndsAt: nullable(time(''), 'When the next period begins; null: never.'),
  maxConnections: nullable(
    count('Devices that may pass traffic at once.'),
    'Devices that may pass traffic at once; null: any number.',
  ),
  connections: count('Seats that are taken now.'),
  volumeBytes: nullable(
    bytes('Sold.'),
    "Sold, in bytes: the period's volume, what was carried in, and what packs had left at its beginning; null: unlimited.",
  ),
  usedBytes: bytes('Billed: upload and download that the gates accepted and their nodes reported.'),
  countedBytes: bytes("What of it counts against the volume, by the nodes' multipliers."),
  throttledAt: nullable(time(''), 'Since when it goes slowly because the volume has ended; null: not.'),
  throttledBytes: bytes('Of the used, what passed slowly after the volume had ended; it does not count.'),
  writtenOffBytes: bytes('May have passed while counters were destroyed: not billed, not available again.'),
  remainingBytes: nullable(
    bytes('Left.'),
    'Left, in bytes: volume less what counts and what was written off; null: unlimited.',
  ),
  reservedBytes: bytes('Of what remains, what is reserved for nodes just now.'),
  timeZone: Type.String({ description: 'Of the IANA time zone database: by it days and months begin.' }),
  starts: Type.Enum(['date', 'first-connection']),
  startsAt: nullable(
    time(''),
    'From when its duration counts; null before its first connection. That one is kept as the midnight after it.',
  ),
  expiresAt: nullable(time(''), 'null: it has no end.'),
  endsAt: nullable(time(''), "When service ends: the expiry and the tariff's grace; null: never."),
  cancelledAt: nullable(time('')),
  nextTariff: nullable(Type.String(), 'Name of the tariff that it has from its next period on.'),
  enforcement,
  access: Access,
  createdAt: time('When it was created.'),
};

export const Subscription = Type.Object(subscriptionFields, { ...strict, title: 'Subscription' });

export const SubscriptionChange = Type.Object(
  {
    subscription: Subscription,
    when: Type.Enum(['now', 'next-period']),
    newGroup: nullable(
      Type.String(),
      'Name of the group whose nodes serve its devices then: they need configurations for those; null: the same as before.',
    ),
  },
  { ...strict, title: 'SubscriptionChange' },
);

const BookedRenewal = Type.Object(
  {
    subscriptionId: id('sub'),
    reference: Type.String({
      description: "The operator's own; unique within the subscription's renewals, and within all others.",
    }),
    periods: nullable(count(''), 'As asked for; null when it was a date.'),
    fromAt: time('The expiry before, or the moment of the renewal where service had ended.'),
    untilAt: time('The expiry that came of it.'),
    createdAt: time('When it was booked.'),
  },
  { ...strict, title: 'BookedRenewal' },
);

export const Renewal = Type.Object(
  { renewal: BookedRenewal, subscription: Subscription },
  { ...strict, title: 'Renewal' },
);

export const Adjustment = Type.Object(
  {
    id: id('adj'),
    subscriptionId: id('sub'),
    kind: Type.Enum(['top-up', 'renewal', 'refund', 'reversal'], {
      description: 'renewal: what a renewal of a tariff with one period added.',
    }),
    period: count('Number of the period in which it was booked.'),
    bytes: signedBytes('Added to the volume; below zero: taken back, as far as it was found.'),
    askedBytes: nullable(
      bytes('Asked.'),
      'Of what takes back: how much was asked, in bytes; null otherwise.',
    ),
    pending: Type.Boolean({ description: 'Nodes hold some of what is to be taken back.' }),
    heldBy: Type.Array(Type.String(), {
      description: 'While it is pending: names of the nodes that hold some of the volume.',
    }),
    leftBytes: nullable(
      bytes('Left.'),
      'Of what adds (a pack): what is not used, taken back or expired, in bytes; null otherwise.',
    ),
    expiresAt: nullable(time(''), 'Of a pack; null: never.'),
    pack: nullable(Type.String(), 'Of what takes back: the pack of which alone it is taken.'),
    reverses: nullable(Type.String(), 'Id of the adjustment that it reverses.'),
    reason: Type.String(),
    reference: Type.String({
      description: "The operator's own; unique within the subscription's renewals, and within all others.",
    }),
    createdAt: time('When it was booked.'),
  },
  { ...strict, title: 'Adjustment' },
);

export const Bookings = Type.Object(
  { adjustments: Type.Array(Adjustment), renewals: Type.Array(BookedRenewal) },
  { ...strict, title: 'Bookings' },
);

export const SubscriptionDetail = Type.Object(
  { ...subscriptionFields, ...Bookings.properties },
  { ...strict, title: 'SubscriptionDetail' },
);

export const AccountDetail = Type.Object(
  { ...Account.properties, subscriptions: Type.Array(Subscription) },
  { ...strict, title: 'AccountDetail' },
);

export const AccountChange = Type.Object(
  {
    ...AccountDetail.properties,
    changed: Type.Array(Type.String(), {
      description: 'References of the accounts that this call changed: of it and those linked with it.',
    }),
  },
  { ...strict, title: 'AccountChange' },
);

export const deviceStatus = Type.Enum(['active', 'replaced', 'revoked'], {
  description: 'replaced: the same hardware enrolled again; revoked: removed.',
});

export const Device = Type.Object(
  {
    id: id('dev'),
    subscriptionId: id('sub'),
    status: deviceStatus,
    replacedBy: nullable(Type.String(), 'Id of the device that the same hardware is now.'),
    publicKey: nullable(Type.String(), 'WireGuard public key in base64; null unless active.'),
    address4: Type.String({ description: 'Tunnel address, the same on every node.' }),
    address6: Type.String({ description: 'Tunnel address, the same on every node.' }),
    label: nullable(Type.String()),
    platform: nullable(Type.String()),
    access: Access,
    connectedNodes: Type.Array(Type.String(), {
      description: 'Names of the nodes on which a handshake is younger than 180 s.',
    }),
    seatNode: nullable(Type.String(), 'Name of the node on which it holds a seat; null: none.'),
    sharedKey: Type.Boolean({ description: 'Its key looks used on two devices at once.' }),
    lastSeenDay: nullable(Type.String({ format: 'date' }), 'UTC day; never finer. null: never.'),
    uploadBytes: bytes('Sent by the device, accepted and reported.'),
    downloadBytes: bytes('Sent to the device, accepted and reported.'),
    createdAt: time('When it was added.'),
    removedAt: nullable(time('')),
  },
  { ...strict, title: 'Device' },
);

export const KeyedDevice = Type.Object(
  {
    device: Device,
    privateKey: Type.Optional(
      Type.String({ description: 'Base64. Only where we made it; in this answer once, stored nowhere.' }),
    ),
  },
  { ...strict, title: 'KeyedDevice' },
);

export const Node = Type.Object(
  {
    id: id('nod'),
    name: Type.String(),
    endpoint: Type.String({ description: 'Where clients reach it: HOST:PORT.' }),
    group: Type.String(),
    multiplier: Type.Number({ description: 'What a byte here counts against volumes.' }),
    state: Type.Enum(['waiting', 'enrolled', 'quarantined'], {
      description: 'quarantined: its state was cloned or rolled back; it must enrol anew.',
    }),
    incarnation: count('Counts its enrolments; 0 until the first.'),
    connected: Type.Boolean({ description: 'Its stream to the controller is up now.' }),
    lastContactAt: nullable(time('')),
    appliedRevision: nullable(Type.String(), 'The revision that it has in force, as far as it said.'),
    refusals: Type.Array(Type.Object({ id: Type.String(), reason: Type.String() }, strict), {
      description: 'What it could not apply, of what the caller may see.',
    }),
    publicKey: nullable(Type.String(), 'Base64; null until its agent was heard of.'),
    keyChangedAt: nullable(
      time(''),
      'When it came with another key than before: configurations of before then do not reach it; null: never.',
    ),
    agentVersion: nullable(Type.String()),
    driver: nullable(Type.String(), 'kernel or userspace WireGuard.'),
    ipv6: nullable(Type.Boolean(), 'It carries IPv6 to the internet.'),
    connectedDevices: count('Devices with a handshake younger than 180 s, of those that the caller may see.'),
    certificateExpiresAt: nullable(
      time(''),
      'Of its newest certificate, which it renews by itself; null: it has none.',
    ),
    createdAt: time('When it was added.'),
  },
  { ...strict, title: 'Node' },
);

export const JoinTicket = Type.Object(
  {
    node: Node,
    joinCommand: Type.String({ description: 'To be run on the node.' }),
    token: Type.String({ description: 'For one enrolment; in this answer once, stored as a hash only.' }),
    pin: Type.String({ description: "The fleet's CA: sha256: and hex over its certificate in DER." }),
    enrolmentAddress: Type.String({ description: 'HOST:PORT.' }),
    expiresAt: time('Until when the token can be used.'),
  },
  { ...strict, title: 'JoinTicket' },
);

export const Group = Type.Object(
  {
    id: id('grp'),
    name: Type.String(),
    enforcement: enforcementChoice,
    dns: Type.Array(Type.String(), { description: 'IP addresses of name servers for clients.' }),
    mtu: Type.Integer({ description: 'Of the tunnel, in bytes.' }),
    allowedIps: Type.Array(Type.String(), { description: 'CIDR: what clients send into the tunnel.' }),
    keepaliveSeconds: count('Persistent keepalive of clients, in seconds; 0: none.'),
    createdAt: time('When it was added.'),
  },
  { ...strict, title: 'Group' },
);

const UsageLine = Type.Object(
  {
    id: Type.String(),
    name: nullable(Type.String(), "A device's label, a node's name."),
    uploadBytes: bytes('Sent by clients.'),
    downloadBytes: bytes('Sent to clients.'),
  },
  strict,
);

const PeriodUsage = Type.Object(
  {
    period: count('Counts up from 1.'),
    startsAt: time('When it began.'),
    endsAt: nullable(time(''), 'When the next one begins; null: never.'),
    volumeBytes: nullable(
      bytes('Sold.'),
      'Sold for this period, and what it took of packs, in bytes; null: unlimited.',
    ),
    usedBytes: subscriptionFields.usedBytes,
    countedBytes: subscriptionFields.countedBytes,
    throttledBytes: subscriptionFields.throttledBytes,
    writtenOffBytes: subscriptionFields.writtenOffBytes,
  },
  { ...strict, title: 'PeriodUsage' },
);

export const Usage = Type.Object(
  {
    subscriptionId: id('sub'),
    uploadBytes: bytes('Sent by clients.'),
    downloadBytes: bytes('Sent to clients.'),
    period: subscriptionFields.period,
    usedBytes: bytes('Upload and download: what is billed.'),
    countedBytes: subscriptionFields.countedBytes,
    throttledBytes: subscriptionFields.throttledBytes,
    writtenOffBytes: subscriptionFields.writtenOffBytes,
    volumeBytes: subscriptionFields.volumeBytes,
    remainingBytes: subscriptionFields.remainingBytes,
    devices: Type.Array(UsageLine, { description: 'Also removed ones: what they used stays billed.' }),
    nodes: Type.Array(UsageLine, { description: 'Also removed ones.' }),
    periods: Type.Array(PeriodUsage, { description: 'All that have begun.' }),
  },
  { ...strict, title: 'Usage' },
);

export const DailyUsage = Type.Object(
  {
    subscriptionId: id('sub'),
    period: subscriptionFields.period,
    timeZone: Type.String({ description: 'By whose calendar days begin.' }),
    usedBytes: bytes('Upload and download of the period: what is billed.'),
    olderBytes: bytes('Of it, what is of days that are no longer kept.'),
    days: Type.Array(
      Type.Object(
        {
          day: Type.String({ format: 'date', description: 'On which it was booked.' }),
          uploadBytes: bytes('Sent by clients.'),
          downloadBytes: bytes('Sent to clients.'),
          nodes: Type.Array(UsageLine),
        },
        strict,
      ),
      { description: 'With olderBytes they add up to usedBytes. Days without usage are left out.' },
    ),
  },
  { ...strict, title: 'DailyUsage' },
);

export const Event = Type.Object(
  {
    id: Type.String({
      description: 'Digits; later events have larger ones. Also the cursor of what comes after it.',
    }),
    type: Type.Enum([...eventTypes]),
    at: time('When it happened.'),
    subscriptionId: nullable(Type.String()),
    deviceId: nullable(Type.String()),
    nodeId: nullable(Type.String()),
    data: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'What the type has to say beside.',
    }),
  },
  { ...strict, title: 'Event' },
);

export const FleetStatus = Type.Object(
  {
    version: Type.String({ description: 'Of the controller.' }),
    revision: Type.String({ description: 'Counts up with each change of what nodes should hold.' }),
    enforcement,
    range4: Type.String({ description: 'CIDR, from which tunnel addresses come.' }),
    range6: Type.String({ description: 'CIDR, from which tunnel addresses come.' }),
    accounts: count('Accounts.'),
    subscriptions: count('Subscriptions.'),
    devices: count('Devices that are not removed.'),
    connectedDevices: count('Devices with a handshake younger than 180 s.'),
    addressesFree: count('Devices that can still be added before the range is used up.'),
    awaitedNodes: Type.Array(Type.String(), {
      description:
        'After a restore from a backup: names of the nodes that have not told what passed; nothing is granted before.',
    }),
    keysToRotate: Type.Array(Type.String(), {
      description:
        'After a restore from a backup: names of API keys that were rotated since it; what it knows of them is refused, so each must be rotated.',
    }),
    heldAt: nullable(
      time(''),
      'After a restore from a backup: since when nodes keep what they have, whatever the books say.',
    ),
    nodes: Type.Array(Node),
  },
  { ...strict, title: 'FleetStatus' },
);

export const Explanation = Type.Object(
  {
    id: Type.String({ description: 'What was asked about.' }),
    kind: Type.Enum(['subscription', 'device']),
    access: Access,
    enforcement,
    verdict: Type.String({ description: 'One sentence: is it we, or is it that nothing arrives.' }),
    devices: Type.Array(
      Type.Object(
        {
          id: id('dev'),
          label: nullable(Type.String()),
          access: Access,
          verdict: Type.String(),
          presence: Type.Array(
            Type.Object(
              {
                node: Type.String(),
                handshake: Type.Boolean({ description: 'One younger than 180 s.' }),
                passing: Type.Boolean({ description: 'The gate accepted bytes in the last 10 s.' }),
                refused: Type.Boolean({ description: 'It sends, and the gate accepts nothing.' }),
              },
              strict,
            ),
          ),
        },
        strict,
      ),
    ),
    nodes: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          connected: Type.Boolean(),
          state: Node.properties.state,
          upToDate: Type.Boolean({ description: 'It has in force what the controller wants.' }),
          reservedBytes: nullable(
            bytes('Reserved.'),
            'Reserved for this node just now, in bytes; null: unlimited.',
          ),
          refusals: Type.Array(Type.String(), { description: 'What it could not apply.' }),
        },
        strict,
      ),
    ),
  },
  { ...strict, title: 'Explanation' },
);

export const ApiKey = Type.Object(
  {
    id: id('key'),
    name: Type.String(),
    scopes: Type.Array(Type.Enum([...scopes])),
    tag: nullable(Type.String(), 'Confined to accounts with this tag and what is theirs; null: to none.'),
    budgetBytes: nullable(
      bytes(''),
      'Volume that this key may sell, ever, in bytes; null: no limit of its own.',
    ),
    soldBytes: bytes('Volume that it has sold, while it had a budget.'),
    expiresAt: nullable(time(''), 'null: never.'),
    previousUntilAt: nullable(time(''), 'Until when the key before the last rotation goes on; null: none.'),
    toRotate: Type.Boolean({
      description:
        'It was rotated after the backup that was restored: nobody knows a key that is accepted. Rotate it.',
    }),
    lastUsedDay: nullable(Type.String({ format: 'date' }), 'UTC day; never finer. null: never.'),
    createdAt: time('When it was made.'),
  },
  { ...strict, title: 'ApiKey' },
);

const notCovered = {
  notCovered: Type.Array(Type.String(), {
    description:
      'In words: what may still bring it back, or undo the restriction. Empty: nothing, once this is answered; a restored backup does not, either.',
  }),
};

export const RemovedApiKey = Type.Object(
  { ...ApiKey.properties, ...notCovered },
  { ...strict, title: 'RemovedApiKey' },
);

export const RemovedNode = Type.Object(
  { ...Node.properties, ...notCovered },
  { ...strict, title: 'RemovedNode' },
);

export const SecretApiKey = Type.Object(
  { apiKey: ApiKey, key: Type.String({ description: 'In this answer once, stored as a hash only.' }) },
  { ...strict, title: 'SecretApiKey' },
);

export const RestrictedAccount = Type.Object(
  { ...Account.properties, ...notCovered },
  { ...strict, title: 'RestrictedAccount' },
);

export const RotatedApiKey = Type.Object(
  { ...SecretApiKey.properties, ...notCovered },
  { ...strict, title: 'RotatedApiKey' },
);

export const Ca = Type.Object(
  {
    pin: Type.String({ description: 'sha256: and hex: of the certificate that the controller shows.' }),
    nextPin: nullable(Type.String(), 'Of the one that is to take its place; null when none is.'),
    waiting: Type.Array(Type.String(), {
      description: 'Names of the nodes that do not know the next one yet.',
    }),
  },
  { ...strict, title: 'Ca' },
);

export const Hold = Type.Object(
  { heldAt: nullable(time(''), 'Since when nodes kept what they had; null: they did not.') },
  { ...strict, title: 'Hold' },
);

export const Key = Type.Object(
  {
    envelope: Type.String({ description: 'Id of the envelope key; says nothing of the key.' }),
    place: Type.String({ description: 'Where that comes from.' }),
    former: Type.Array(Type.String(), {
      description: 'Ids of those before it that are still at hand, because backups are under them.',
    }),
    sinceAt: time('When the key was made under which secrets are now.'),
    unfinished: Type.Boolean({
      description: 'Some are under an earlier one still: a rotation was cut short.',
    }),
  },
  { ...strict, title: 'Key' },
);

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Stable; what programs look at.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'One line for a person.' }),
    remedy: Type.Optional(Type.String({ description: 'What to do about it.' })),
    scope: Type.Optional(Type.String({ description: 'Of insufficient-scope: what the API key lacks.' })),
    budgetBytes: Type.Optional(bytes("Where the API key's budget is too small: all of it.")),
    leftBytes: Type.Optional(bytes('What is left of it.')),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            pointer: Type.String({ description: 'RFC 6901, into the body, the query or the path.' }),
            message: Type.String(),
          },
          strict,
        ),
      ),
    ),
  },
  { ...strict, title: 'Problem', description: 'RFC 9457.' },
);
