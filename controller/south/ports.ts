import type { Delta, DevicePresence, Hello, Settings } from '../../common/gen/turnpike/v1/sync_pb.ts';
import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';

/** Who is calling, as its certificate says; nothing that a node says of itself is believed. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly incarnation: number;
}

/** What the node streams need from the controller's books. */
export interface DesiredState {
  settings(nodeId: string): Promise<Settings>;
  /**
   * What changed for a node after `revision`, then the revision reached and, unless it is not wanted, the digest over all that
   * the node should hold (to who asks for everything of a large fleet, with the next question). Read in one transaction.
   *
   * Of many changes some only, and `next`: from where the others are told. Each part is as of its own moment, and all of them
   * together, one after the other, bring a node to the revision of the first one: what changed meanwhile is told after that (again).
   */
  since(identity: NodeIdentity, revision: bigint, want?: CatchupWish): Promise<Catchup>;
  /** Calls back after each commit that may concern any node (cheap; the stream asks `since` then). Returns stop. */
  onChange(listener: () => void): () => void;
}

export interface CatchupWish {
  /** Yes, unless told. */
  readonly digest?: boolean;
  /** Goes on with what the answer before left. */
  readonly from?: CatchupPlace | undefined;
}

/** For nobody but who gave it. */
export interface CatchupPlace {
  /** What the first part began with. */
  readonly known: bigint;
  readonly reached: bigint;
  readonly whole: boolean;
  readonly kind: 'devices' | 'subscriptions';
  readonly after: { readonly revision: bigint; readonly id: string | undefined };
}

export interface Catchup {
  readonly deltas: readonly Delta[];
  readonly revision: bigint;
  /** undefined: it was not wanted, or comes later. Empty: what the node should hold is not known. */
  readonly digest: Uint8Array | undefined;
  /** What the deltas do not name is to go. */
  readonly whole: boolean;
  /** There are more. */
  readonly next?: CatchupPlace | undefined;
}

export interface NodeRegister {
  hello(identity: NodeIdentity, hello: Hello): Promise<void>;
  applied(
    identity: NodeIdentity,
    revision: bigint,
    refusals: readonly { id: string; reason: string }[],
  ): Promise<void>;
  /** Up to this revision, nothing is left there of what was to be erased. */
  erased(identity: NodeIdentity, revision: bigint): Promise<void>;
  presence(identity: NodeIdentity, devices: readonly DevicePresence[]): Promise<void>;
  disconnected(identity: NodeIdentity): Promise<void>;
}

export interface Booking {
  /**
   * Books a report in one transaction and resolves once it is durable. Already booked with the same content: resolves.
   * @throws TurnpikeError `conflict` when this number was booked with other content (the identity is quarantined).
   */
  book(identity: NodeIdentity, report: ReportRequest, bytes: Uint8Array): Promise<void>;
  /** The number of the last report that was booked of this identity; 0n for none. */
  lastBooked(identity: NodeIdentity): Promise<bigint>;
}

/** Tokens and certificates, as stored. */
export interface IdentityStore {
  /** The token's row by the SHA-256 of the token. */
  token(hash: Uint8Array): Promise<JoinToken | undefined>;
  /**
   * Redeems in one transaction: binds the token to the public key, gives the node its next incarnation (the old one's
   * remainder is written off, its certificates are revoked) and records the certificate that `issue` makes for it.
   */
  redeem(
    hash: Uint8Array,
    publicKeyHash: Uint8Array,
    issue: (identity: NodeIdentity) => Promise<IssuedCertificate>,
  ): Promise<{ identity: NodeIdentity; certificate: IssuedCertificate }>;
  /** Records what was issued to who showed the certificate of serial `shown`: from now on both are good. */
  renewed(identity: NodeIdentity, certificate: IssuedCertificate, shown: string): Promise<void>;
  /**
   * `valid`: of the node's current incarnation, not revoked, not quarantined. `unknown`: this controller never issued it, or
   * has forgotten it (a restore from a backup): refused, but no reason to close the node. Whoever shows one that the identity
   * has left behind long ago is not alone with it: it is quarantined.
   */
  standing(
    identity: NodeIdentity,
    certificate: Pick<IssuedCertificate, 'serial' | 'notAfter'>,
  ): Promise<CertificateStanding>;
  /** The identity has begun a stream with this certificate, so it has it, and knows its CA. */
  shown(identity: NodeIdentity, certificate: ShownCertificate): Promise<void>;
  /** Names of nodes that serve and have not shown a certificate of the CA with this pin yet. */
  notShown(authorityPin: string): Promise<readonly string[]>;
  /** Two agents run with this identity: it may do nothing any more until the node enrols anew. */
  quarantine(identity: NodeIdentity): Promise<void>;
  /** Calls back when a node was removed, re-enrolled or quarantined: its streams must end. Returns stop. */
  onRevoked(listener: (nodeId: string, incarnation: number) => void): () => void;
}

export interface JoinToken {
  readonly nodeId: string;
  readonly nodeName: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Set once redeemed. */
  readonly publicKeyHash: Uint8Array | undefined;
  readonly certificate: IssuedCertificate | undefined;
  readonly incarnation: number | undefined;
}

export interface ShownCertificate {
  /** Hex. */
  readonly serial: string;
  /** The pin of the CA that issued it. */
  readonly authorityPin: string;
}

export type CertificateStanding = 'valid' | 'revoked' | 'unknown';

export interface IssuedCertificate {
  /** Hex. */
  readonly serial: string;
  readonly der: Uint8Array;
  readonly notAfter: number;
}
