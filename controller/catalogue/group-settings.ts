import ipaddr from 'ipaddr.js';
import { TurnpikeError } from '../../common/errors.ts';
import type { GroupSettings } from './catalogue.ts';
import { show } from './words.ts';

/**
 * What goes into customers' configurations is checked before it is stored: a line break in it would add lines there.
 * @throws TurnpikeError `invalid`
 */
export function parseGroupSettings(input: GroupSettings): GroupSettings {
  const { enforcement, dns, mtu, allowedIps, keepaliveSeconds } = input;
  return {
    ...(enforcement && { enforcement }),
    ...(dns && { dns: dns.map(parseDns) }),
    ...(mtu !== undefined && { mtu: parseInteger('MTU', mtu, 1280, 9000) }),
    ...(allowedIps && { allowedIps: parseAllowedIps(allowedIps) }),
    ...(keepaliveSeconds !== undefined && {
      keepaliveSeconds: parseInteger('keepalive in seconds', keepaliveSeconds, 0, 65_535),
    }),
  };
}

function parseDns(text: string): string {
  if (!isAddress(text)) {
    throw new TurnpikeError('invalid', `${show(text)} is not the IP address of a DNS server`);
  }
  return text;
}

function parseAllowedIps(texts: readonly string[]): string[] {
  if (texts.length === 0) throw new TurnpikeError('invalid', 'the allowed IPs are empty: nothing would pass');
  return texts.map((text) => {
    if (!ipaddr.isValidCIDR(text)) {
      throw new TurnpikeError('invalid', `${show(text)} is not a range in CIDR`, {
        remedy: 'write such as 0.0.0.0/0 or ::/0',
      });
    }
    return text;
  });
}

// ipaddr.js also takes 10.1 and 0x0a000001 for IPv4.
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes('%'));
}

function parseInteger(what: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TurnpikeError('invalid', `the ${what} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
