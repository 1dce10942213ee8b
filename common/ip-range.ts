import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { TurnpikeError } from './errors.ts';
import { show } from './show.ts';

export interface IpRange {
  readonly family: 'ipv4' | 'ipv6';
  /** As it was written, which is the only way to write it. */
  readonly text: string;
  readonly base: bigint;
  readonly size: bigint;
  readonly prefix: number;
}

const families = {
  ipv4: { title: 'an IPv4', width: 32, example: '10.64.0.0/16' },
  ipv6: { title: 'an IPv6', width: 128, example: 'fd74:7572:6e70::/64' },
} as const;

/** Never routed from one host to another. */
const special = (
  [
    ['loopback', '127.0.0.0/8'],
    ['link-local', '169.254.0.0/16'],
    ['multicast', '224.0.0.0/4'],
    ['loopback', '::1/128'],
    ['link-local', 'fe80::/10'],
    ['multicast', 'ff00::/8'],
  ] as const
).map(([name, text]) => ({ name, range: read(text) as IpRange }));

/**
 * Reads CIDR in canonical form only: other programs read `010.64.0.0` as octal, so it means two things.
 * @throws TurnpikeError `invalid` also for a range inside of loopback, link-local or multicast
 */
export function parseIpRange(text: string, wanted?: IpRange['family']): IpRange {
  const range = read(text);
  if (range === undefined || (wanted !== undefined && range.family !== wanted)) {
    const { title, example } = wanted ? families[wanted] : { title: 'a', example: '0.0.0.0/0 or ::/0' };
    const leadingZero = /(^|\.)0\d/.test(text);
    throw new TurnpikeError('invalid', `${show(text)} is not ${title} range in CIDR`, {
      remedy: leadingZero ? `leave out leading zeros: ${example}` : `write such as ${example}`,
    });
  }
  const canonical = `${formatAddress(range.base - (range.base % range.size), range.family)}/${range.prefix}`;
  if (range.base % range.size !== 0n) {
    throw new TurnpikeError('invalid', `${show(text)} has address bits behind its prefix`, {
      remedy: `write ${canonical}`,
    });
  }
  if (text !== canonical) {
    throw new TurnpikeError('invalid', `${show(text)} is not the usual form of that range`, {
      remedy: `write ${canonical}`,
    });
  }
  const inside = special.find((one) => contains(one.range, range));
  if (inside) throw refuseSpecial(text, `lies in the ${inside.name} range ${inside.range.text}`);
  return range;
}

/**
 * {@link parseIpRange} for tunnel addresses: a wide range must not hold such addresses either.
 * @throws TurnpikeError `invalid`
 */
export function parseTunnelRange(text: string, family: IpRange['family']): IpRange {
  const range = parseIpRange(text, family);
  const held = special.find((one) => contains(range, one.range));
  if (held) throw refuseSpecial(text, `holds the ${held.name} range ${held.range.text}`);
  return range;
}

/** Prefixes that a fleet's address range may have: room for some devices, and not the whole internet. */
const fleetPrefixes = { ipv4: [8, 30], ipv6: [32, 120] } as const;

/**
 * {@link parseTunnelRange} for the fleet's address range, from which all tunnel addresses come.
 * @throws TurnpikeError `invalid`
 */
export function parseFleetRange(text: string, family: IpRange['family']): IpRange {
  const range = parseTunnelRange(text, family);
  const [shortest, longest] = fleetPrefixes[family];
  if (range.prefix < shortest || range.prefix > longest) {
    throw new TurnpikeError('invalid', `the prefix of "${text}" must be from /${shortest} to /${longest}`);
  }
  return range;
}

function refuseSpecial(text: string, why: string): TurnpikeError {
  return new TurnpikeError('invalid', `${show(text)} ${why}, which is not routed`, {
    remedy: 'choose another range',
  });
}

function read(text: string): IpRange | undefined {
  const [, address = '', length = ''] = /^([0-9A-Fa-f:.]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  const prefix = Number(length);
  if (family === undefined || prefix > families[family].width) return undefined;
  const base = ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return { family, text, base, size: 1n << BigInt(families[family].width - prefix), prefix };
}

function contains(outer: IpRange, inner: IpRange): boolean {
  if (outer.family !== inner.family) return false;
  return outer.base <= inner.base && inner.base + inner.size <= outer.base + outer.size;
}

export function formatAddress(value: bigint, family: IpRange['family']): string {
  const bytes = families[family].width / 8;
  const parts = Array.from({ length: bytes }, (_, n) =>
    Number((value >> BigInt(8 * (bytes - 1 - n))) & 255n),
  );
  const address = ipaddr.fromByteArray(parts);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}
