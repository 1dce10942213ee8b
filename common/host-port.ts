import { isIP, isIPv6 } from 'node:net';
import { TurnpikeError } from './errors.ts';

export interface HostPort {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/**
 * Reads `name:port`, `192.0.2.1:port`, `[2001:db8::1]:port`.
 * @throws TurnpikeError `invalid`
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  const hostOk = match?.[1] === undefined ? isIP(host) === 4 || isHostName(host) : isIPv6(host);
  if (!hostOk || port > 65_535) {
    throw new TurnpikeError('invalid', `"${text}" is not HOST:PORT`, {
      remedy: 'write such as vpn.example.net:51820, 192.0.2.1:51820 or [2001:db8::1]:51820',
    });
  }
  return { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

// A last label of digits only is a mistyped IPv4 address, never a name (RFC 1123, 2.1).
function isHostName(host: string): boolean {
  const labels = host.replace(/\.$/, '').split('.');
  return host.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
