import type { EventType } from '../events/record.ts';
import type { Row } from '../store/schema.ts';

/** Times are milliseconds since 1970. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** null: all. */
  readonly types: readonly EventType[] | null;
  readonly enabled: boolean;
  readonly disabledAt: number | null;
  readonly disabledReason: string | null;
  /** Since when nothing was taken; null: the last attempt was. */
  readonly failingSinceAt: number | null;
  /** Until when messages are signed with the secret before, too. */
  readonly previousUntilAt: number | null;
  readonly createdAt: number;
}

/** `pending`: not taken yet. `failed`: given up after a day. */
export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** One event on its way to one endpoint. */
export interface Delivery {
  /** Digits. */
  readonly id: string;
  readonly eventId: string;
  /** null: the event is no longer kept. */
  readonly type: EventType | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** null: it is over, or waits for another one of the same subscription. */
  readonly nextAttemptAt: number | null;
  readonly lastAttemptAt: number | null;
  /** Of HTTP; null: no answer. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: number;
}

export function toWebhook(row: Row<'webhooks'>): Webhook {
  return {
    id: row.id,
    url: row.url,
    types: row.types === null ? null : (JSON.parse(row.types) as EventType[]),
    enabled: row.disabled_at === null,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
    failingSinceAt: row.failing_since,
    previousUntilAt: row.previous_until,
    createdAt: row.created_at,
  };
}

export function toDelivery(row: Row<'deliveries'> & { type: string | null }): Delivery {
  return {
    id: String(row.id),
    eventId: String(row.event_id),
    type: row.type as EventType | null,
    state: row.state === 'due' || row.state === 'waiting' ? 'pending' : row.state,
    attempts: row.attempts,
    nextAttemptAt: row.state === 'due' ? row.next_at : null,
    lastAttemptAt: row.last_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdAt: row.created_at,
  };
}
