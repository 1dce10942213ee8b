import ipaddr from 'ipaddr.js';
import { TurnpikeError } from '../../common/errors.ts';

/**
 * The fleet's tunnel addresses, cut into slots: slot n is the n-th address of each family. Slot 1 is the node's own,
 * the same on every node; devices have the slots from {@link firstSlot} on.
 */
export interface AddressRange {
  readonly range4: string;
  readonly range6: string;
  readonly node: AddressPair;
  /** The last slot that a device can have. */
  readonly lastSlot: number;
  at(slot: number): AddressPair;
}

/** Without prefix length. */
export interface AddressPair {
  readonly address4: string;
  readonly address6: string;
}

export const firstSlot = 2;

/** @throws TurnpikeError `invalid` for what is not CIDR, has address bits behind its prefix, or holds no device. */
export function parseAddressRange(range4: string, range6: string): AddressRange {
  const v4 = parseNetwork(range4, 'ipv4', 32);
  const v6 = parseNetwork(range6, 'ipv6', 128);
  // The last IPv4 address is the network's broadcast address.
  const last = v4.size - 2n < v6.size - 1n ? v4.size - 2n : v6.size - 1n;
  if (last < BigInt(firstSlot)) {
    throw new TurnpikeError('invalid', `${range4} and ${range6} have no room for a device`, {
      remedy: 'choose shorter prefixes, such as 10.64.0.0/16 and fd74:7572:6e70::/64',
    });
  }
  const at = (slot: number): AddressPair => ({
    address4: format(v4.base + BigInt(slot), 4),
    address6: format(v6.base + BigInt(slot), 16),
  });
  return { range4, range6, node: at(1), lastSlot: Number(last), at };
}

function parseNetwork(text: string, kind: 'ipv4' | 'ipv6', width: number): { base: bigint; size: bigint } {
  if (!ipaddr.isValidCIDR(text) || ipaddr.parseCIDR(text)[0].kind() !== kind) {
    throw new TurnpikeError('invalid', `"${text.slice(0, 60)}" is not an ${kind} range in CIDR`);
  }
  const [address, prefix] = ipaddr.parseCIDR(text);
  const base = address.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const size = 1n << BigInt(width - prefix);
  if (base % size !== 0n) {
    throw new TurnpikeError('invalid', `"${text}" has address bits behind its prefix`);
  }
  return { base, size };
}

function format(value: bigint, bytes: 4 | 16): string {
  const parts = Array.from({ length: bytes }, (_, n) =>
    Number((value >> BigInt(8 * (bytes - 1 - n))) & 255n),
  );
  const address = ipaddr.fromByteArray(parts);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}
