import ipaddr from 'ipaddr.js';
import { maxBytes } from '../../common/bytes.ts';
import { describeError, TurnpikeError } from '../../common/errors.ts';
import {
  type Delta,
  type Device,
  DeviceAccess,
  Metering,
  Seat,
  type Settings,
  type Subscription,
  type Speed as WireSpeed,
} from '../../common/gen/turnpike/v1/sync_pb.ts';
import { parseId } from '../../common/ids.ts';
import { parseFleetRange } from '../../common/ip-range.ts';
import { show } from '../../common/show.ts';
import type {
  DesiredDelta,
  DesiredDevice,
  DesiredSubscription,
  NodeSettings,
  Speed,
} from '../desired/state.ts';
import type { Refusal } from './ports.ts';

/**
 * Everything that comes over the wire becomes the agent's own types here, or is refused: what passes may be put into
 * rules and commands.
 */
export function parseSettings(settings: Settings): NodeSettings {
  const { listenPort, mtu, validitySeconds, seatPatienceSeconds } = settings;
  if (listenPort < 1 || listenPort > 65_535) throw invalid(`UDP port ${listenPort}`);
  // RFC 8200 section 5: IPv6 needs 1280.
  if (mtu < 1280 || mtu > 65_535) throw invalid(`MTU ${mtu}`);
  if (validitySeconds < 1) throw invalid(`a validity of ${validitySeconds} s`);
  const range4 = parseRange('ipv4', settings.range4);
  const range6 = parseRange('ipv6', settings.range6);
  return {
    listenPort,
    mtu,
    validitySeconds,
    seatPatienceSeconds,
    range4,
    range6,
    address4: parseAddress('ipv4', settings.address4, range4),
    address6: parseAddress('ipv6', settings.address6, range6),
  };
}

/** The items that are right, and a refusal for each that is not: one bad item must not keep the others away. */
export function parseDelta(
  delta: Delta,
  settings: NodeSettings,
): { readonly delta: DesiredDelta; readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = [];
  const parseAll = <Item, Parsed>(
    items: readonly Item[],
    idOf: (item: Item) => string,
    parse: (item: Item) => Parsed,
  ): Parsed[] =>
    items.flatMap((item) => {
      try {
        return [parse(item)];
      } catch (error) {
        refusals.push({ id: idOf(item).slice(0, 40), reason: describeError(error) });
        return [];
      }
    });
  const self = (id: string) => id;
  return {
    delta: {
      removedDeviceIds: parseAll(delta.removedDeviceIds, self, (id) => parseId('dev', id)),
      removedSubscriptionIds: parseAll(delta.removedSubscriptionIds, self, (id) => parseId('sub', id)),
      erasedSubscriptionIds: parseAll(delta.erasedSubscriptionIds, self, (id) => parseId('sub', id)),
      subscriptions: parseAll(delta.subscriptions, ({ id }) => id, parseSubscription),
      devices: parseAll(
        delta.devices,
        ({ id }) => id,
        (device) => parseDevice(device, settings),
      ),
    },
    refusals,
  };
}

// Enums of the wire are open: a later version may send numbers that are not listed.
const accesses: Readonly<Record<number, DesiredDevice['access'] | undefined>> = {
  [DeviceAccess.OPEN]: 'open',
  [DeviceAccess.CLOSED]: 'closed',
  [DeviceAccess.WITHDRAWN]: 'withdrawn',
};

function parseDevice(device: Device, settings: NodeSettings): DesiredDevice {
  const access = accesses[device.access];
  if (!access) throw invalid(`an access of ${device.access}`);
  const address4 = parseAddress('ipv4', device.address4, settings.range4);
  const address6 = parseAddress('ipv6', device.address6, settings.range6);
  if (address4 === settings.address4 || address6 === settings.address6)
    throw invalid("the node's own address");
  return {
    id: parseId('dev', device.id),
    revision: parseRevision(device.revision),
    subscriptionId: parseId('sub', device.subscriptionId),
    publicKey: parseKey('public key', device.publicKey),
    presharedKey:
      device.presharedKey.length === 0 ? undefined : parseKey('preshared key', device.presharedKey),
    address4,
    address6,
    access,
    ...parseSeat(device.seat),
  };
}

function parseSeat(seat: Seat): Pick<DesiredDevice, 'seat'> {
  switch (seat) {
    case Seat.NOT_NEEDED:
      return {};
    case Seat.FREE:
      return { seat: 'free' };
    case Seat.HELD:
      return { seat: 'held' };
    case Seat.UNSPECIFIED:
      break;
  }
  throw invalid(`a seat of ${seat}`);
}

const meterings: Readonly<Record<number, DesiredSubscription['metering'] | undefined>> = {
  [Metering.GRANTED]: 'granted',
  [Metering.UNLIMITED]: 'unlimited',
};

function parseSubscription(subscription: Subscription): DesiredSubscription {
  const { grantedBytes, allowance, recall, period, nextGrantedBytes } = subscription;
  const metering = meterings[subscription.metering];
  if (!metering) throw invalid(`a metering of ${subscription.metering}`);
  if (grantedBytes > maxBytes || nextGrantedBytes > maxBytes) {
    throw invalid('a grant beyond 2^63 - 1 bytes');
  }
  if (period < 1) throw invalid(`period ${period}`);
  const { speed, throttle, periodEndsAtMs, endsAtMs, voucher } = subscription;
  return {
    id: parseId('sub', subscription.id),
    revision: parseRevision(subscription.revision),
    metering,
    grantedBytes,
    allowance,
    recall,
    period,
    nextGrantedBytes,
    ...(periodEndsAtMs > 0n && { periodEndsAt: parseTime(periodEndsAtMs) }),
    ...(endsAtMs > 0n && { endsAt: parseTime(endsAtMs) }),
    ...(speed && { speed: parseSpeed(speed) }),
    ...(throttle && { throttle: parseSpeed(throttle) }),
    ...(voucher.length > 0 && { voucher: parseVoucher(voucher) }),
  };
}

/** Revisions are the journal's to keep: 63 bits. */
export function parseRevision(revision: bigint): bigint {
  if (revision > maxBytes) throw invalid('a revision beyond 2^63 - 1');
  return revision;
}

/** The last moment that a Date can hold (ECMA-262, Time Values and Time Range). */
const lastTime = 8_640_000_000_000_000n;

export function parseTime(ms: bigint): number {
  if (ms > lastTime) throw invalid('a time beyond the calendar');
  return Number(ms);
}

function parseSpeed({ uploadBitsPerSecond: up, downloadBitsPerSecond: down, shared }: WireSpeed): Speed {
  if (up > maxBytes || down > maxBytes) throw invalid('a speed beyond 2^63 - 1 bit/s');
  return {
    ...(up > 0n && { uploadBitsPerSecond: up }),
    ...(down > 0n && { downloadBitsPerSecond: down }),
    scope: shared ? 'subscription' : 'device',
  };
}

function parseKey(what: string, bytes: Uint8Array): string {
  if (bytes.length !== 32) throw invalid(`a ${what} of ${bytes.length} bytes`);
  return Buffer.from(bytes).toString('base64');
}

function parseVoucher(bytes: Uint8Array): string {
  if (bytes.length > 64) throw invalid(`a voucher of ${bytes.length} bytes`);
  return Buffer.from(bytes).toString('base64');
}

type Family = 'ipv4' | 'ipv6';

function parseRange(family: Family, text: string): string {
  try {
    return parseFleetRange(text, family).text;
  } catch {
    throw invalid(`${show(text)} for a range of ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`);
  }
}

/** An address of the range in canonical form (RFC 5952), as nft and wg print it. */
function parseAddress(family: Family, text: string, range: string): string {
  const valid = family === 'ipv4' ? ipaddr.IPv4.isValidFourPartDecimal(text) : ipaddr.IPv6.isValid(text);
  if (!valid || text.includes('%')) throw invalid('a malformed tunnel address');
  const address = ipaddr.parse(text);
  const [network, bits] = ipaddr.parseCIDR(range);
  if (!address.match(network, bits)) throw invalid("a tunnel address outside the fleet's range");
  return address.toString();
}

function invalid(what: string): TurnpikeError {
  return new TurnpikeError('invalid', `the controller sent ${what}`);
}
