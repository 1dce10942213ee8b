import Type from 'typebox';
import { eventTypes } from '../../events/record.ts';
import { Event } from './answers.ts';
import { count, name, nullable, strict, time } from './values.ts';

const types = Type.Unsafe<(typeof eventTypes)[number][] | null>({
  type: ['array', 'null'],
  items: { enum: [...eventTypes], type: 'string' },
  minItems: 1,
  description: 'Which events; null: all.',
});

const url = name('https://…, or http:// within your own network.');

export const NewWebhook = Type.Object({ url, types: Type.Optional(types) }, strict);

export const WebhookChange = Type.Partial(
  Type.Object({
    url,
    types,
    enabled: Type.Boolean({ description: 'false: nothing is sent, and what comes is kept for it.' }),
  }),
  strict,
);

export const Webhook = Type.Object(
  {
    id: Type.String({ description: 'Id, whk_ and 16 characters.' }),
    url: Type.String(),
    types,
    enabled: Type.Boolean(),
    disabledAt: nullable(time('')),
    disabledReason: nullable(Type.String(), 'By whom, or what was answered for a day.'),
    failingSinceAt: nullable(time(''), 'Since when nothing was taken; null: the last attempt was.'),
    previousUntilAt: nullable(time(''), 'Until when messages are signed with the secret before, too.'),
    createdAt: time('When it was added.'),
  },
  { ...strict, title: 'Webhook' },
);

export const SecretWebhook = Type.Object(
  {
    webhook: Webhook,
    secret: Type.String({ description: 'whsec_…: to check signatures with. In this answer only.' }),
  },
  { ...strict, title: 'SecretWebhook' },
);

export const deliveryState = Type.Enum(['pending', 'delivered', 'failed'], {
  description: 'failed: given up after a day.',
});

export const Delivery = Type.Object(
  {
    id: Type.String({ description: 'Digits.' }),
    eventId: Type.String(),
    type: nullable(Type.String(), 'Of the event; null: it is no longer kept.'),
    state: deliveryState,
    attempts: count('So far.'),
    nextAttemptAt: nullable(time(''), 'null: it is over, or waits for another one of the same subscription.'),
    lastAttemptAt: nullable(time('')),
    lastStatus: nullable(Type.Integer(), 'Of HTTP; null: no answer.'),
    lastError: nullable(Type.String()),
    createdAt: time('When it was queued.'),
  },
  { ...strict, title: 'Delivery' },
);

export const Replay = Type.Object(
  {
    delivery: Type.Optional(name('Id of one that is over.')),
    since: Type.Optional(name('All events since this date or time, as far as they are kept.')),
  },
  strict,
);

export const Replayed = Type.Object({ deliveries: count('Queued.') }, { ...strict, title: 'Replayed' });

/** What is posted to the URL. */
export const WebhookMessage = Type.Object(
  { type: Event.properties.type, timestamp: time('When it happened.'), data: Event },
  { ...strict, title: 'WebhookMessage' },
);
