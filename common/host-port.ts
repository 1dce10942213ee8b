import { isIPv6 } from 'node:net';
import { TurnpikeError } from './errors.ts';

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
  if (host === undefined || port > 65_535 || (match?.[1] !== undefined && !isIPv6(host))) {
    throw new TurnpikeError('invalid', `"${text.slice(0, 80)}" is not an address with a port`, {
      remedy: 'write HOST:PORT, an IPv6 address in brackets',
    });
  }
  return { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
