import type { Context } from '../books/context.ts';
import { type EventType, recordEvent } from '../events/record.ts';
import type { Tx } from '../store/store.ts';
import type { SeatSubscription } from './load.ts';

const hourMs = 3_600_000;

/** Somebody wanted a seat when all were taken; told once an hour. */
export async function tellOfLimit(
  context: Context,
  tx: Tx,
  { id, limit, policy }: SeatSubscription,
): Promise<void> {
  const at = context.clock.now();
  if (await wasTold(tx, 'connection.limit', id, null, at)) return;
  await recordEvent(tx, {
    ...{ type: 'connection.limit', at, subscriptionId: id },
    data: { maxConnections: limit, seatPolicy: policy },
  });
}

/** A key is used on two devices; told once an hour and device. */
export async function tellOfSharedKey(
  context: Context,
  tx: Tx,
  { id, sharedKey }: SeatSubscription,
  deviceId: string,
): Promise<void> {
  const at = context.clock.now();
  if (await wasTold(tx, 'key.shared', id, deviceId, at)) return;
  await recordEvent(tx, {
    ...{ type: 'key.shared', at, subscriptionId: id, deviceId },
    data: { action: sharedKey },
  });
}

async function wasTold(
  tx: Tx,
  type: EventType,
  subscriptionId: string,
  deviceId: string | null,
  at: number,
): Promise<boolean> {
  const last = await tx.db
    .selectFrom('events')
    .where('subscription_id', '=', subscriptionId)
    .where('type', '=', type)
    .where('device_id', 'is', deviceId)
    .where('at', '>', at - hourMs)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return last !== undefined;
}
