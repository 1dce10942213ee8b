import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/**
 * `tp` and four random characters: everything that one lab makes on the machine starts with it, so that labs do not
 * meet and leftovers can be found (scripts/lab-clean).
 */
export function newPrefix(): string {
  let text = 'tp';
  for (const byte of randomBytes(4)) text += alphabet[byte & 31];
  return text;
}

export const namespaceName = (prefix: string, host: string) => `${prefix}-${host}`;

/** At most 15 characters (IFNAMSIZ), with at most two digits in the host's name. */
export const interfaceName = (prefix: string, host: string, network: string) => `${prefix}${host}-${network}`;

/** The other end of that interface's cable, in the switch. */
export const portName = (prefix: string, host: string, network: string) => `${prefix}${host}-${network}p`;

/** wireguard-go's socket lies in one folder for all namespaces, so the name must be unique on the machine. */
export const tunnelName = (prefix: string, host: string) => `${prefix}${host}w`;
