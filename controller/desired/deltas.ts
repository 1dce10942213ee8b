import { create } from '@bufbuild/protobuf';
import {
  type Delta,
  DeltaSchema,
  type Device,
  DeviceAccess,
  DeviceSchema,
  Metering,
  Seat,
  type Speed,
  SpeedSchema,
  type Subscription,
  SubscriptionSchema,
} from '../../common/gen/turnpike/v1/sync_pb.ts';
import { chunks } from '../store/chunks.ts';
import type { ChangedItems, DeviceItem, SpeedItem, SubscriptionItem } from './items.ts';

const itemsPerDelta = 500;

/** In chunks; removals first, and subscriptions before their devices. */
export function makeDeltas(items: ChangedItems): Delta[] {
  return [
    ...chunks(items.removedDeviceIds, itemsPerDelta).map((removedDeviceIds) =>
      create(DeltaSchema, { removedDeviceIds }),
    ),
    ...chunks(items.erasedSubscriptionIds, itemsPerDelta).map((erasedSubscriptionIds) =>
      create(DeltaSchema, { erasedSubscriptionIds }),
    ),
    ...chunks(items.subscriptions, itemsPerDelta).map((chunk) =>
      create(DeltaSchema, { subscriptions: chunk.map(subscriptionMessage) }),
    ),
    ...chunks(items.devices, itemsPerDelta).map((chunk) =>
      create(DeltaSchema, { devices: chunk.map(deviceMessage) }),
    ),
  ];
}

function subscriptionMessage(item: SubscriptionItem): Subscription {
  return create(SubscriptionSchema, {
    id: item.id,
    revision: item.revision,
    metering: item.unlimited ? Metering.UNLIMITED : Metering.GRANTED,
    grantedBytes: item.granted,
    allowance: item.allowance,
    recall: item.recall,
    period: item.period,
    periodEndsAtMs: BigInt(item.periodEndsAt ?? 0),
    nextGrantedBytes: item.nextGranted,
    voucher: item.voucher,
    endsAtMs: BigInt(item.endsAt ?? 0),
    ...(item.speed && { speed: speedMessage(item.speed) }),
    ...(item.throttle && { throttle: speedMessage(item.throttle) }),
  });
}

function speedMessage({ upload, download, shared }: SpeedItem): Speed {
  return create(SpeedSchema, {
    uploadBitsPerSecond: upload ?? 0n,
    downloadBitsPerSecond: download ?? 0n,
    shared,
  });
}

function deviceMessage(item: DeviceItem): Device {
  return create(DeviceSchema, {
    id: item.id,
    revision: item.revision,
    subscriptionId: item.subscriptionId,
    publicKey: Buffer.from(item.publicKey, 'base64'),
    presharedKey: Buffer.from(item.presharedKey ?? '', 'base64'),
    address4: item.address4,
    address6: item.address6,
    // A volume that is used up needs no word: the node has no grant left.
    access: accesses[item.access],
    seat: seats[item.seat],
  });
}

const accesses = {
  open: DeviceAccess.OPEN,
  closed: DeviceAccess.CLOSED,
  withdrawn: DeviceAccess.WITHDRAWN,
} as const satisfies Record<DeviceItem['access'], DeviceAccess>;

const seats = {
  'not-needed': Seat.NOT_NEEDED,
  free: Seat.FREE,
  held: Seat.HELD,
} as const satisfies Record<DeviceItem['seat'], Seat>;
