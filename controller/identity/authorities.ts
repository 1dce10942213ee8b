import { X509Certificate } from 'node:crypto';
import { authoritiesDigest } from '../../common/pki/authorities-digest.ts';
import type { CertificateAuthority } from './authority.ts';

/** How the fleet's CAs change. Each resolves once it is durable, and may be called again after a crash. */
export interface Rollover {
  begin(): Promise<CertificateAuthority>;
  finish(next: CertificateAuthority): Promise<void>;
}

/**
 * The CAs that the fleet trusts now: one, or two while a new one takes over from the old. Then the old one still signs
 * what the controller shows, as not every node knows the new one yet; the new one signs what nodes get, and comes to
 * them with it. A node that shows a certificate of the new CA has kept both.
 */
export class Authorities {
  #serving: CertificateAuthority;
  #next: CertificateAuthority | undefined;
  readonly #rollover: Rollover;
  readonly #listeners = new Set<() => Promise<void> | void>();

  constructor(serving: CertificateAuthority, next: CertificateAuthority | undefined, rollover: Rollover) {
    this.#serving = serving;
    this.#next = next;
    this.#rollover = rollover;
  }

  /** Whose certificate the controller shows, and join commands name by its pin. */
  get serving(): CertificateAuthority {
    return this.#serving;
  }

  get next(): CertificateAuthority | undefined {
    return this.#next;
  }

  /** Signs the nodes' certificates. */
  get issuing(): CertificateAuthority {
    return this.#next ?? this.#serving;
  }

  get trusted(): readonly CertificateAuthority[] {
    return this.#next ? [this.#serving, this.#next] : [this.#serving];
  }

  /** As nodes are told it (sync.proto, Authorities). */
  get digest(): Uint8Array {
    return authoritiesDigest(this.#serving.certificate, this.#next?.certificate);
  }

  /** The CA that signed this certificate, whatever its time. */
  issuerOf(leaf: X509Certificate): CertificateAuthority | undefined {
    return this.trusted.find((authority) => {
      const issuer = new X509Certificate(authority.certificate);
      return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
    });
  }

  /** Makes the CA that is to come, unless there is one. */
  async begin(): Promise<void> {
    if (this.#next) return;
    this.#next = await this.#rollover.begin();
    await this.#tell();
  }

  /** Drops the old CA: what it signed is worth nothing any more. Without one to come, does nothing. */
  async finish(): Promise<void> {
    if (!this.#next) return;
    await this.#rollover.finish(this.#next);
    this.#serving = this.#next;
    this.#next = undefined;
    await this.#tell();
  }

  /** Calls back when they have changed, one after the other in the order of their coming. Returns stop. */
  onChange(listener: () => Promise<void> | void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #tell(): Promise<void> {
    for (const listener of this.#listeners) await listener();
  }
}
