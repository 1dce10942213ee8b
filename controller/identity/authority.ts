import { randomBytes } from 'node:crypto';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import {
  createKeyPair,
  exportPrivateKey,
  importPrivateKey,
  type KeyPair,
  keyAlgorithm,
  pem,
  sha256,
} from '../../common/pki/keys.ts';
import { controllerName, nodeUri } from '../../common/pki/names.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '../../common/pki/x509.ts';
import type { IssuedCertificate, NodeIdentity } from '../south/ports.ts';
import type { AuthorityStore } from './authority-file.ts';

const hour = 3600_000;
const day = 24 * hour;

/**
 * Certificates start in the past, so that a machine whose clock is an hour slow takes them; with a margin, because
 * "an hour" is never exactly one.
 */
const backdate = 1.5 * hour;
const authorityLife = 20 * 365 * day;
const serverLife = 90 * day;
const defaultNodeLife = 30 * day;

export interface ServerCertificate {
  /** PKCS#8 in PEM. */
  readonly privateKey: string;
  /** PEM: the controller's own certificate, then the CA's, so that a joining agent can compare it with its pin. */
  readonly chain: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The fleet's CA: P-256, path length 0. It signs the controller's own certificate and those of the nodes. */
export class CertificateAuthority {
  /** DER. */
  readonly certificate: Uint8Array;
  /** SHA-256 of the certificate's DER, hex: what join commands carry as `--pin sha256:…`. */
  readonly pin: string;
  readonly #issuer: X509Certificate;
  readonly #key: KeyPair;
  readonly #clock: Clock;
  readonly #nodeLife: number;

  private constructor(issuer: X509Certificate, key: KeyPair, clock: Clock, nodeLife: number) {
    this.#issuer = issuer;
    this.certificate = new Uint8Array(issuer.rawData);
    this.pin = sha256(this.certificate).toString('hex');
    this.#key = key;
    this.#clock = clock;
    this.#nodeLife = nodeLife;
  }

  /** Loads the CA, or makes it on the first start. `created` says which, for the log. */
  static async open(
    store: AuthorityStore,
    clock: Clock,
    nodeLife = defaultNodeLife,
  ): Promise<{ authority: CertificateAuthority; created: boolean }> {
    const stored = await store.load();
    if (stored) {
      const key = await importPrivateKey(stored.privateKey);
      const issuer = new X509Certificate(Buffer.from(stored.certificate));
      if (!(await issuer.verify({ publicKey: key.publicKey, signatureOnly: true }))) {
        throw new TurnpikeError(
          'environment',
          `the fleet's CA certificate and key in ${store.path} do not belong together`,
          { remedy: 'restore the file from a backup' },
        );
      }
      refuseOutOfTime(store.path, issuer, clock.now());
      return { authority: new CertificateAuthority(issuer, key, clock, nodeLife), created: false };
    }
    const key = await createKeyPair();
    const issuer = await createIssuer(key, clock.now());
    await store.create({
      privateKey: await exportPrivateKey(key.privateKey),
      certificate: new Uint8Array(issuer.rawData),
    });
    return { authority: new CertificateAuthority(issuer, key, clock, nodeLife), created: true };
  }

  /** A certificate with which a node dials. `publicKey` is SubjectPublicKeyInfo, DER. */
  async issueNode(identity: NodeIdentity, publicKey: Uint8Array): Promise<IssuedCertificate> {
    const notAfter = this.#clock.now() + this.#nodeLife;
    const certificate = await this.#issue({
      commonName: identity.nodeName,
      publicKey: Buffer.from(publicKey),
      notAfter,
      extensions: [
        new SubjectAlternativeNameExtension([{ type: 'url', value: nodeUri(identity) }]),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ],
    });
    return {
      serial: certificate.serialNumber,
      der: new Uint8Array(certificate.rawData),
      notAfter: certificate.notAfter.getTime(),
    };
  }

  /** The controller's own certificate, with a fresh key that is kept nowhere. */
  async issueServer(): Promise<ServerCertificate> {
    const key = await createKeyPair();
    const certificate = await this.#issue({
      commonName: controllerName,
      publicKey: key.publicKey,
      notAfter: this.#clock.now() + serverLife,
      extensions: [
        new SubjectAlternativeNameExtension([{ type: 'dns', value: controllerName }]),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ],
    });
    return {
      privateKey: await exportPrivateKey(key.privateKey),
      chain: pem('CERTIFICATE', new Uint8Array(certificate.rawData)) + pem('CERTIFICATE', this.certificate),
      notBefore: certificate.notBefore.getTime(),
      notAfter: certificate.notAfter.getTime(),
    };
  }

  async #issue(options: {
    commonName: string;
    publicKey: KeyPair['publicKey'] | Buffer<ArrayBuffer>;
    notAfter: number;
    extensions: Extension[];
  }): Promise<X509Certificate> {
    return X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: [{ CN: [options.commonName] }],
      issuer: this.#issuer.subject,
      notBefore: new Date(this.#clock.now() - backdate),
      notAfter: new Date(Math.min(options.notAfter, this.#issuer.notAfter.getTime())),
      publicKey: options.publicKey,
      signingKey: this.#key.privateKey,
      signingAlgorithm: keyAlgorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(this.#key.publicKey),
        ...options.extensions,
      ],
    });
  }
}

async function createIssuer(key: KeyPair, now: number): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: ['Turnpike fleet CA'] }],
    notBefore: new Date(now - day),
    notAfter: new Date(now + authorityLife),
    keys: key,
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(key.publicKey),
    ],
  });
}

/** @throws TurnpikeError `environment` when nobody would take what it signs now */
function refuseOutOfTime(path: string, { notBefore, notAfter }: X509Certificate, now: number): void {
  if (now >= notBefore.getTime() && now <= notAfter.getTime()) return;
  const isEarly = now < notBefore.getTime();
  const when = isEarly
    ? `is not valid before ${notBefore.toISOString()}`
    : `ended on ${notAfter.toISOString()}`;
  const cause = isEarly ? 'it was ahead when the CA was made, and ' : '';
  throw new TurnpikeError(
    'environment',
    `the certificate of the fleet's CA in ${path} ${when}, and this machine's clock says ${new Date(now).toISOString()}`,
    {
      remedy: `if that clock is wrong, set it; if it is right, ${cause}turnpike-controller --new-ca begins another one; as long as no node has joined, that is all, and every node that has must join anew: turnpike node token NAME`,
    },
  );
}

/** 16 random bytes in hex; the first is 0x40…0x7f, so that it is positive and prints alike everywhere. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}
