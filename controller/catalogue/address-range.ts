import { TurnpikeError } from '../../common/errors.ts';
import { formatAddress, parseTunnelRange } from '../../common/ip-range.ts';

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

/** @throws TurnpikeError `invalid` for what is not a tunnel range, or holds no device. */
export function parseAddressRange(range4: string, range6: string): AddressRange {
  const v4 = parseTunnelRange(range4, 'ipv4');
  const v6 = parseTunnelRange(range6, 'ipv6');
  // The last IPv4 address is the network's broadcast address.
  const last = v4.size - 2n < v6.size - 1n ? v4.size - 2n : v6.size - 1n;
  if (last < BigInt(firstSlot)) {
    throw new TurnpikeError('invalid', `${range4} and ${range6} have no room for a device`, {
      remedy: 'choose shorter prefixes, such as 10.64.0.0/16 and fd74:7572:6e70::/64',
    });
  }
  const at = (slot: number): AddressPair => ({
    address4: formatAddress(v4.base + BigInt(slot), 'ipv4'),
    address6: formatAddress(v6.base + BigInt(slot), 'ipv6'),
  });
  return { range4, range6, node: at(1), lastSlot: Number(last), at };
}
