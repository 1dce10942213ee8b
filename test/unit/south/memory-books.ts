import { create } from '@bufbuild/protobuf';
import { desiredDigest } from '../../../common/desired-digest.ts';
import { TurnpikeError } from '../../../common/errors.ts';
import {
  type Delta,
  DeltaSchema,
  type DevicePresence,
  type Hello,
  type Settings,
  SettingsSchema,
} from '../../../common/gen/turnpike/v1/sync_pb.ts';
import type { ReportRequest } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import type { KnownPins, PinKeeper } from '../../../controller/identity/open-authorities.ts';
import { newJoinToken } from '../../../controller/identity/token.ts';
import type {
  Booking,
  Catchup,
  CatchupWish,
  CertificateStanding,
  DesiredState,
  IdentityStore,
  IssuedCertificate,
  JoinToken,
  NodeIdentity,
  NodeRegister,
  ShownCertificate,
} from '../../../controller/south/ports.ts';

/** The controller's books in memory: enough for the streams, and with handles for the tests. */
export class MemoryBooks implements DesiredState, NodeRegister, Booking, IdentityStore {
  readonly erasedCalls: { nodeId: string; revision: bigint }[] = [];
  readonly events: string[] = [];
  readonly booked = new Map<bigint, Uint8Array>();
  /** How often each report came. */
  readonly arrivals = new Map<bigint, number>();
  /** The pins of the CAs, as books keep them. */
  readonly pins = new MemoryPins();
  /** By node: of the CA whose certificate it showed last. */
  readonly shownPins = new Map<string, string>();
  presences: DevicePresence[] = [];
  sinceCalls: bigint[] = [];
  /** What the next `book` calls throw. */
  bookingFails: Error | undefined;
  /** As while digests are too dear to have one with every change. */
  withholdsDigests = false;
  /** As of a large fleet: who asks for everything has it compared with the next answer. */
  comparesLater = false;
  settingsValue: Settings = create(SettingsSchema, {
    listenPort: 51820,
    range4: '10.64.0.0/16',
    range6: 'fd74:7572:6e70::/64',
    address4: '10.64.0.1',
    address6: 'fd74:7572:6e70::1',
    mtu: 1420,
    validitySeconds: 86_400,
    seatPatienceSeconds: 60,
  });
  readonly #tokens = new Map<string, JoinToken>();
  readonly #valid = new Set<string>();
  readonly #revoked = new Set<string>();
  readonly #incarnations = new Map<string, number>();
  readonly #changes = new Set<() => void>();
  readonly #revocations = new Set<(nodeId: string, incarnation: number) => void>();
  readonly #log: { revision: bigint; delta: Delta }[] = [];
  #devices = new Map<string, bigint>();
  #revision = 0n;

  // Desired state

  settings(): Promise<Settings> {
    return Promise.resolve(this.settingsValue);
  }

  since(_identity: NodeIdentity, revision: bigint, want: CatchupWish = {}): Promise<Catchup> {
    this.sinceCalls.push(revision);
    return Promise.resolve({
      deltas: this.#log.filter((entry) => entry.revision > revision).map((entry) => entry.delta),
      revision: this.#revision,
      digest:
        (want.digest ?? true) && !this.withholdsDigests && !(this.comparesLater && revision === 0n)
          ? this.digest()
          : undefined,
      whole: false,
    });
  }

  digest(): Uint8Array {
    return desiredDigest(
      Array.from(this.#devices, ([id, revision]) => ({ id, revision })),
      [],
    );
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  get revision(): bigint {
    return this.#revision;
  }

  change(delta: Parameters<typeof create<typeof DeltaSchema>>[1]): void {
    const whole = create(DeltaSchema, delta);
    this.#revision += 1n;
    for (const id of whole.removedDeviceIds) this.#devices.delete(id);
    for (const device of whole.devices) {
      device.revision = this.#revision;
      this.#devices.set(device.id, device.revision);
    }
    this.#log.push({ revision: this.#revision, delta: whole });
    for (const listener of this.#changes) listener();
  }

  /** As after a restore from a backup that did not know this device. */
  forget(id: string): void {
    this.#devices = new Map([...this.#devices].filter(([known]) => known !== id));
    for (const { delta } of this.#log) delta.devices = delta.devices.filter((device) => device.id !== id);
  }

  get listeners(): number {
    return this.#changes.size;
  }

  // Register

  async hello(identity: NodeIdentity, hello: Hello): Promise<void> {
    this.events.push(`hello ${identity.nodeName} ${identity.incarnation} from ${hello.revision}`);
  }

  async applied(
    _identity: NodeIdentity,
    revision: bigint,
    refusals: readonly { id: string }[],
  ): Promise<void> {
    this.events.push(`applied ${revision} but ${refusals.length}`);
  }

  erased(identity: NodeIdentity, revision: bigint): Promise<void> {
    this.erasedCalls.push({ nodeId: identity.nodeId, revision });
    return Promise.resolve();
  }

  async presence(_identity: NodeIdentity, devices: readonly DevicePresence[]): Promise<void> {
    this.presences.push(...devices);
  }

  async disconnected(identity: NodeIdentity): Promise<void> {
    this.events.push(`disconnected ${identity.nodeName} ${identity.incarnation}`);
  }

  // Booking

  async book(identity: NodeIdentity, report: ReportRequest, bytes: Uint8Array): Promise<void> {
    this.arrivals.set(report.number, (this.arrivals.get(report.number) ?? 0) + 1);
    if (this.bookingFails) throw this.bookingFails;
    const before = this.booked.get(report.number);
    if (before && !Buffer.from(before).equals(bytes)) {
      this.revoke(identity.nodeId);
      throw new TurnpikeError('conflict', `report ${report.number} was booked with other content`);
    }
    this.booked.set(report.number, bytes);
  }

  async lastBooked(): Promise<bigint> {
    return [...this.booked.keys()].reduce((last, number) => (number > last ? number : last), 0n);
  }

  // Identities

  issueToken(nodeId: string, nodeName: string, expiresAt: number): string {
    const { token, hash } = newJoinToken();
    this.#tokens.set(Buffer.from(hash).toString('hex'), {
      nodeId,
      nodeName,
      expiresAt,
      publicKeyHash: undefined,
      certificate: undefined,
      incarnation: undefined,
    });
    return token;
  }

  async token(hash: Uint8Array): Promise<JoinToken | undefined> {
    return this.#tokens.get(Buffer.from(hash).toString('hex'));
  }

  async redeem(
    hash: Uint8Array,
    publicKeyHash: Uint8Array,
    issue: (identity: NodeIdentity) => Promise<IssuedCertificate>,
  ): Promise<{ identity: NodeIdentity; certificate: IssuedCertificate }> {
    const key = Buffer.from(hash).toString('hex');
    const row = this.#tokens.get(key);
    if (!row) throw new TurnpikeError('unauthenticated', 'unknown');
    const { nodeId, nodeName } = row;
    if (row.certificate && row.incarnation !== undefined) {
      return { identity: { nodeId, nodeName, incarnation: row.incarnation }, certificate: row.certificate };
    }
    const before = this.#incarnations.get(nodeId) ?? 0;
    const identity = { nodeId, nodeName, incarnation: before + 1 };
    const certificate = await issue(identity);
    if (before > 0) this.revoke(nodeId);
    this.#incarnations.set(nodeId, before + 1);
    this.#tokens.set(key, { ...row, publicKeyHash, certificate, incarnation: before + 1 });
    this.#valid.add(`${nodeId} ${before + 1} ${certificate.serial}`);
    return { identity, certificate };
  }

  async renewed({ nodeId, incarnation }: NodeIdentity, certificate: IssuedCertificate): Promise<void> {
    this.#valid.add(`${nodeId} ${incarnation} ${certificate.serial}`);
    this.events.push(`renewed ${nodeId}`);
  }

  async standing(
    { nodeId, incarnation }: NodeIdentity,
    { serial }: Pick<IssuedCertificate, 'serial'>,
  ): Promise<CertificateStanding> {
    const key = `${nodeId} ${incarnation} ${serial}`;
    if (this.#valid.has(key)) return 'valid';
    return this.#revoked.has(key) ? 'revoked' : 'unknown';
  }

  async shown({ nodeId }: NodeIdentity, { authorityPin }: ShownCertificate): Promise<void> {
    this.shownPins.set(nodeId, authorityPin);
  }

  async notShown(pin: string): Promise<string[]> {
    return [...this.#incarnations.keys()].filter((nodeId) => this.shownPins.get(nodeId) !== pin);
  }

  async quarantine({ nodeId }: NodeIdentity): Promise<void> {
    this.events.push(`quarantined ${nodeId}`);
    this.revoke(nodeId);
  }

  onRevoked(listener: (nodeId: string, incarnation: number) => void): () => void {
    this.#revocations.add(listener);
    return () => this.#revocations.delete(listener);
  }

  revoke(nodeId: string): void {
    const incarnation = this.#incarnations.get(nodeId) ?? 0;
    for (const key of this.#valid) {
      if (!key.startsWith(`${nodeId} `)) continue;
      this.#valid.delete(key);
      this.#revoked.add(key);
    }
    for (const listener of this.#revocations) listener(nodeId, incarnation);
  }
}

export class MemoryPins implements PinKeeper {
  value: KnownPins = { serving: null, next: null };

  async known(): Promise<KnownPins> {
    return this.value;
  }

  async settle(pins: KnownPins): Promise<void> {
    this.value = pins;
  }
}
