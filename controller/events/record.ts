import type { Tx } from '../store/store.ts';

/** What billing backends are told. */
export const eventTypes = [
  'volume.threshold',
  'volume.exhausted',
  'volume.renewed',
  'subscription.started',
  'subscription.renewed',
  'subscription.expired',
  'device.limit',
  'connection.limit',
  'key.shared',
  'node.offline',
  'node.online',
  'webhook.disabled',
  'node.quarantined',
  'node.rekeyed',
] as const;

export type EventType = (typeof eventTypes)[number];

export interface NewEvent {
  readonly type: EventType;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly subscriptionId?: string;
  readonly deviceId?: string;
  readonly nodeId?: string;
  /** What the type needs beside, as JSON; never an address. Bytes as strings of digits. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Of a customer whose data is kept and not used, nothing is told. */
async function isRestricted({ db }: Tx, subscriptionId: string): Promise<boolean> {
  const restricted = await db
    .selectFrom('subscriptions')
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .where('subscriptions.id', '=', subscriptionId)
    .where('accounts.restricted_at', 'is not', null)
    .select('accounts.id')
    .executeTakeFirst();
  return restricted !== undefined;
}

/** In the transaction of the change that it tells of: there is no event without the change, and no change without it. */
export async function recordEvent(tx: Tx, event: NewEvent): Promise<void> {
  if (event.subscriptionId !== undefined && (await isRestricted(tx, event.subscriptionId))) return;
  await tx.db
    .insertInto('events')
    .values({
      type: event.type,
      at: event.at,
      subscription_id: event.subscriptionId ?? null,
      device_id: event.deviceId ?? null,
      node_id: event.nodeId ?? null,
      data: JSON.stringify(event.data ?? {}),
    })
    .execute();
  tx.eventRecorded();
}
