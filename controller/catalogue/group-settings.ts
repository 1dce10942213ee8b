import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { TurnpikeError } from '../../common/errors.ts';
import { parseIpRange } from '../../common/ip-range.ts';
import { show } from '../../common/show.ts';
import type { GroupSettings } from './catalogue.ts';

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
  const kind = isIP(text) === 0 || text.includes('%') ? 'none' : ipaddr.parse(text).range();
  if (['none', 'unspecified', 'multicast', 'broadcast'].includes(kind)) {
    throw new TurnpikeError('invalid', `${show(text)} is not the IP address of a DNS server`, {
      remedy: 'write such as 9.9.9.9 or 2620:fe::fe',
    });
  }
  return text;
}

function parseAllowedIps(texts: readonly string[]): string[] {
  if (texts.length === 0) throw new TurnpikeError('invalid', 'the allowed IPs are empty: nothing would pass');
  return texts.map((text) => parseIpRange(text).text);
}

function parseInteger(what: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TurnpikeError('invalid', `the ${what} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
