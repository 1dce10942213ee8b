import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Event } from '../events/list.ts';

/** Of the Standard Webhooks convention: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One event for one endpoint. `webhook-id` stays the same over all attempts; each attempt has its own time and
 * signatures, one for each secret that is in force.
 */
export function writeMessage(event: Event, secrets: readonly string[], now: number): Message {
  const at = new Date(event.at).toISOString();
  const body = JSON.stringify({ type: event.type, timestamp: at, data: { ...event, at } });
  const id = `evt_${event.id}`;
  const sentAt = new Date(now);
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'turnpike',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now / 1000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(' '),
    },
  };
}
