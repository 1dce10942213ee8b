import { isIP } from 'node:net';
import { TurnpikeError } from '../../common/errors.ts';
import { parseWireguardKey } from '../../common/wireguard-key.ts';
import type { Peer } from './wireguard.ts';

/**
 * Which address belongs to which peer. WireGuard takes an address silently from the peer that has it when another one
 * claims it, and ignores its own public key without a word: so this looks first.
 */
export class PeerIndex {
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #owner = new Map<string, string>();

  constructor(peers: ReadonlyMap<string, readonly string[]>) {
    for (const [publicKey, addresses] of peers) this.#put(publicKey, addresses);
  }

  /**
   * Takes the peers in, or says why not and stays as it was.
   * @throws TurnpikeError `invalid`, `conflict`, `exhausted`
   */
  upsert(peers: readonly Peer[], own: string | undefined, maxPeers: number): void {
    const keys = new Set<string>();
    const claimed = new Map<string, string>();
    for (const { publicKey, presharedKey, addresses } of peers) {
      parseWireguardKey(publicKey, 'the public key of a peer');
      if (presharedKey !== undefined) parseWireguardKey(presharedKey, 'the preshared key of a peer');
      if (publicKey === own) {
        throw new TurnpikeError(
          'conflict',
          `the public key of the peer at ${addresses[0]} is the node's own`,
          {
            remedy: 'give the device a key of its own: turnpike device rekey',
          },
        );
      }
      if (keys.has(publicKey)) {
        throw new TurnpikeError(
          'conflict',
          `two peers have the same public key, one of them at ${addresses[0]}`,
        );
      }
      keys.add(publicKey);
      for (const address of addresses) {
        if (isIP(address) === 0 || address.includes('%'))
          throw new TurnpikeError('invalid', 'a peer has something else for an address');
        if (claimed.has(address))
          throw new TurnpikeError('conflict', `two peers have the address ${address}`);
        claimed.set(address, publicKey);
      }
    }
    for (const [address, publicKey] of claimed) {
      const owner = this.#owner.get(address);
      // A peer of the same batch may give the address up.
      if (owner !== undefined && owner !== publicKey && !keys.has(owner)) {
        throw new TurnpikeError('conflict', `the address ${address} belongs to another peer`);
      }
    }
    const added = [...keys].filter((key) => !this.#addresses.has(key)).length;
    const total = this.#addresses.size + added;
    if (total > maxPeers) {
      throw new TurnpikeError(
        'exhausted',
        `${total} peers are more than the ${maxPeers} that this interface takes`,
        {
          remedy: 'use kernel WireGuard, which takes 2^20, or spread the devices over more nodes',
        },
      );
    }
    for (const { publicKey } of peers) this.#drop(publicKey);
    for (const { publicKey, addresses } of peers) this.#put(publicKey, addresses);
  }

  remove(publicKeys: readonly string[]): void {
    for (const publicKey of publicKeys) this.#drop(publicKey);
  }

  #put(publicKey: string, addresses: readonly string[]): void {
    this.#addresses.set(publicKey, addresses);
    for (const address of addresses) this.#owner.set(address, publicKey);
  }

  #drop(publicKey: string): void {
    for (const address of this.#addresses.get(publicKey) ?? []) this.#owner.delete(address);
    this.#addresses.delete(publicKey);
  }
}
