/** A peer as desired: a device on this node. Keys in base64. */
export interface Peer {
  readonly publicKey: string;
  readonly presharedKey: string | undefined;
  /** Tunnel addresses, without prefix length. */
  readonly addresses: readonly string[];
}

/** What WireGuard says of a peer. No endpoint and no secret key: no driver lets those out. */
export interface PeerActivity {
  readonly publicKey: string;
  /** A name for its endpoint that says nothing of it (places.ts); absent while there is none. */
  readonly place?: string;
  /** Unix seconds; 0 for never. */
  readonly latestHandshake: number;
  /** WireGuard's own counters (padded, with headers), since the peer was added. */
  readonly received: bigint;
  readonly sent: bigint;
}

/** One WireGuard interface. Two drivers (the wg program; wireguard-go's socket) pass one contract test. */
export interface WireGuard {
  /** Public key of the interface, base64, or undefined while it has no private key. */
  publicKey(): Promise<string | undefined>;
  configure(options: { readonly privateKey: string; readonly listenPort: number }): Promise<void>;
  /** Public keys and addresses of the peers that are configured; preshared keys are not read back. */
  peers(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Adds or updates; sessions of unchanged peers stay. Batches as needed. */
  upsert(peers: readonly Peer[]): Promise<void>;
  remove(publicKeys: readonly string[]): Promise<void>;
  activity(): Promise<readonly PeerActivity[]>;
}
