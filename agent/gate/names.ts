import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { TurnpikeError } from '../../common/errors.ts';
import type { Bell, GateSpeed } from './model.ts';

/** Our table's name in family `inet`. */
export const tableName = 'turnpike';

/**
 * The one bit of the packet mark that is ours: the table sets it (with OR) on packets between devices and the world, and
 * the host's routing rules blackhole forwarded packets without it. All other bits are the operator's. Chosen outside
 * of what Docker, Kubernetes (0xc000), Tailscale (0xff0000) and wg-quick (0xca6c) use.
 */
export const passBit = 0x0100_0000;
export const passMark = `0x${passBit.toString(16)}`;

export type Family = 4 | 6;

/**
 * The family of what must be a whole address and nothing else, before it becomes part of a script. Node's own check: with
 * tens of thousands of addresses in one script it takes a hundredth of the time of parsing them.
 * @throws TurnpikeError `invalid`
 */
export function addressFamily(text: string): Family {
  const family = isIP(text);
  // Node also takes a zone, `fe80::1%wg0`.
  if (family === 0 || text.includes('%')) throw notAnAddress(text);
  return family === 4 ? 4 : 6;
}

/**
 * The address as the kernel prints it, with its family.
 * @throws TurnpikeError `invalid`
 */
export function parseAddress(text: string): { readonly family: Family; readonly address: string } {
  const family = addressFamily(text);
  // Four plain decimal parts are written in one way only.
  if (family === 4) return { family, address: text };
  return { family, address: isCanonical6(text) ? text : ipaddr.IPv6.parse(text).toRFC5952String() };
}

/**
 * True for what is written by RFC 5952 beyond doubt: lower case, one `::` for two groups or more, and no other zero
 * in front. Of 10,000 devices all come like that, and the parser is slow.
 */
function isCanonical6(valid: string): boolean {
  return (
    /^[1-9a-f][0-9a-f]*(?::[1-9a-f][0-9a-f]*)*::(?:[1-9a-f][0-9a-f]*(?::[1-9a-f][0-9a-f]*)*)?$/.test(valid) &&
    valid.split(':').length <= 7
  );
}

function notAnAddress(text: string): TurnpikeError {
  return new TurnpikeError('invalid', `"${text.slice(0, 50)}" is not an IP address`);
}

/**
 * A range in CIDR form, with its host bits cleared as the kernel prints it.
 * @throws TurnpikeError `invalid`
 */
export function parseRange(text: string, family: Family): string {
  const slash = text.indexOf('/');
  const { family: found, address } = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (
    slash < 0 ||
    found !== family ||
    !/^\d{1,3}$/.test(length) ||
    Number(length) > (family === 4 ? 32 : 128)
  ) {
    throw new TurnpikeError('invalid', `"${text.slice(0, 60)}" is not an IPv${family} range in CIDR form`);
  }
  const network =
    family === 4
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${length}`).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${length}`).toRFC5952String();
  return `${network}/${Number(length)}`;
}

/** @throws TurnpikeError `invalid` */
export function checkInterfaceName(name: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,14}$/.test(name)) {
    throw new TurnpikeError('invalid', `"${name.slice(0, 40)}" cannot be the name of an interface`, {
      remedy: 'use a letter and up to 14 more letters, digits, "_", "." or "-"',
    });
  }
  return name;
}

const quotaPrefix = 'q_';

/** The object's name in the kernel; the prefix keeps it apart from the words of nft's grammar. */
export function quotaObject(name: string): string {
  if (!/^[A-Za-z0-9_]{1,60}$/.test(name)) {
    throw new TurnpikeError('internal', `"${name.slice(0, 60)}" cannot be the name of a quota`);
  }
  return quotaPrefix + name;
}

export function quotaName(object: string): string {
  return object.startsWith(quotaPrefix) ? object.slice(quotaPrefix.length) : object;
}

const limitPrefix = 'l_';

export function limitObject(name: string): string {
  if (!/^[A-Za-z0-9_]{1,60}$/.test(name)) {
    throw new TurnpikeError('internal', `"${name.slice(0, 60)}" cannot be the name of a limit`);
  }
  return limitPrefix + name;
}

export function limitName(object: string): string {
  return object.startsWith(limitPrefix) ? object.slice(limitPrefix.length) : object;
}

/** The maps from address to limit, by what they are for; one for each family. */
export const speedMaps = {
  paceUp: 'pace_up',
  paceDown: 'pace_down',
  poolUp: 'pool_up',
  poolDown: 'pool_down',
} as const satisfies Record<keyof GateSpeed, string>;

export const speedKeys = Object.keys(speedMaps) as (keyof GateSpeed)[];

const bellPrefix = 'bell_';

export function bellObject(bell: Bell): string {
  return bellPrefix + bell;
}

/** The bell that this quota object is, if it is one. */
export function bellOf(object: string): Bell | undefined {
  const name = object.startsWith(bellPrefix) ? object.slice(bellPrefix.length) : undefined;
  return name === 'arrival' || name === 'refusal' ? name : undefined;
}
