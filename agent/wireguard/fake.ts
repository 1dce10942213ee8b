import { TurnpikeError } from '../../common/errors.ts';
import { parseWireguardKey, publicKeyOf } from '../../common/wireguard-key.ts';
import { PeerIndex } from './peer-index.ts';
import type { Peer, PeerActivity, WireGuard } from './wireguard.ts';

/** WireGuard in memory, for tests of what stands above it; test/contracts/wireguard.ts runs on it too. */
export class FakeWireGuard implements WireGuard {
  readonly #peers = new Map<string, { peer: Peer; activity: PeerActivity }>();
  readonly #maxPeers: number;
  #publicKey: string | undefined;
  /** The interface is gone: everything fails until it is back, without key and peers. */
  missing = false;

  constructor(options: { readonly maxPeers?: number } = {}) {
    this.#maxPeers = options.maxPeers ?? 1 << 20;
  }

  /** A handshake or traffic of a peer. */
  act(publicKey: string, change: Partial<Omit<PeerActivity, 'publicKey'>>): void {
    const entry = this.#peers.get(publicKey);
    if (entry !== undefined) entry.activity = { ...entry.activity, ...change };
  }

  /** wireguard-go dies. */
  lose(): void {
    this.missing = true;
    this.#peers.clear();
    this.#publicKey = undefined;
  }

  async publicKey(): Promise<string | undefined> {
    this.#need();
    return this.#publicKey;
  }

  async configure({ privateKey }: { privateKey: string; listenPort: number }): Promise<void> {
    this.#need();
    parseWireguardKey(privateKey, 'the private key of the node');
    this.#publicKey = publicKeyOf(privateKey);
  }

  async peers(): Promise<ReadonlyMap<string, readonly string[]>> {
    this.#need();
    return new Map([...this.#peers].map(([key, { peer }]) => [key, peer.addresses]));
  }

  async upsert(peers: readonly Peer[]): Promise<void> {
    this.#need();
    new PeerIndex(await this.peers()).upsert(peers, this.#publicKey, this.#maxPeers);
    for (const peer of peers) {
      const { publicKey } = peer;
      const idle = { publicKey, latestHandshake: 0, received: 0n, sent: 0n };
      this.#peers.set(publicKey, { peer, activity: this.#peers.get(publicKey)?.activity ?? idle });
    }
  }

  async remove(publicKeys: readonly string[]): Promise<void> {
    this.#need();
    for (const key of publicKeys) this.#peers.delete(parseWireguardKey(key, 'the public key of a peer'));
  }

  async activity(): Promise<readonly PeerActivity[]> {
    this.#need();
    return [...this.#peers.values()].map(({ activity }) => activity);
  }

  #need(): void {
    if (this.missing) throw new TurnpikeError('unavailable', 'there is no WireGuard interface');
  }
}
