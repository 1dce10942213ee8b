import { isIPv4, isIPv6 } from 'node:net';
import { TurnpikeError } from './errors.ts';
import { show } from './show.ts';

export interface HostPort {
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `name:7443`, `192.0.2.1:7443`, `[2001:db8::1]:7443`. Port 0 is taken: a listener may ask for any port.
 * @throws TurnpikeError `invalid`
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const valid = host !== undefined && (match?.[1] === undefined ? isNameOrIpv4(host) : isIPv6(host));
  if (!valid || port > 65_535) {
    throw new TurnpikeError('invalid', `${show(text)} is not an address with a port`, {
      remedy: 'write HOST:PORT, an IPv6 address in brackets',
    });
  }
  return { host, port };
}

// A name that ends in a number is an address to resolvers, of which only the plain form means one thing.
function isNameOrIpv4(host: string): boolean {
  if (/(^|\.)(\d+|0[xX][0-9A-Fa-f]*)\.?$/.test(host)) return isIPv4(host);
  const labels = host.replace(/\.$/, '').split('.');
  return (
    host.length <= 253 &&
    labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))
  );
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
