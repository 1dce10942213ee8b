import { join } from 'node:path';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { systemClock } from '../../../common/clock.ts';
import {
  createKeyPair,
  exportPrivateKey,
  importPrivateKey,
  type KeyPair,
  keyAlgorithm,
  pem,
} from '../../../common/pki/keys.ts';
import { nodeUri } from '../../../common/pki/names.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '../../../common/pki/x509.ts';
import { authorityFile } from '../../../controller/identity/authority-file.ts';
import { fixedVault } from '../vault.ts';

/** Who signs: a key and the name under which it does. */
export interface Signer {
  readonly key: KeyPair;
  readonly name: string;
}

/** The fleet's CA as whoever has stolen its file and the keys that open it can use it. */
export async function stolenAuthority(directory: string, file = 'ca.pem'): Promise<Signer> {
  const stored = await authorityFile(join(directory, file), fixedVault).load();
  if (stored === undefined) throw new Error(`there is no ${file}`);
  const name = new X509Certificate(stored.certificate).subject;
  return { key: await importPrivateKey(stored.privateKey), name };
}

export async function newSigner(name = 'CN=Turnpike fleet CA'): Promise<Signer> {
  return { key: await createKeyPair(), name };
}

const hour = 3600_000;

export interface Forgery {
  readonly names?: readonly JsonGeneralName[];
  readonly usages?: readonly ExtendedKeyUsage[];
  readonly ca?: boolean;
  /** Hours from now. */
  readonly from?: number;
  readonly until?: number;
  readonly serial?: string;
}

/** A certificate for a fresh key, right in all that is not asked to be wrong; in place of the node's own. */
export async function forge(
  identity: AgentIdentity,
  signer: Signer,
  forgery: Forgery = {},
): Promise<AgentIdentity> {
  const { names, usages, ca = false, from = -2, until = 24, serial = '41'.repeat(16) } = forgery;
  const keys = await createKeyPair();
  const now = systemClock.now();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [identity.nodeName] }],
    issuer: signer.name,
    notBefore: new Date(now + from * hour),
    notAfter: new Date(now + until * hour),
    publicKey: keys.publicKey,
    signingKey: signer.key.privateKey,
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new BasicConstraintsExtension(ca, undefined, true),
      new SubjectAlternativeNameExtension([...(names ?? [{ type: 'url', value: nodeUri(identity) }])]),
      new ExtendedKeyUsageExtension([...(usages ?? [ExtendedKeyUsage.clientAuth])]),
    ],
  });
  return {
    ...identity,
    privateKey: await exportPrivateKey(keys.privateKey),
    certificate: pem('CERTIFICATE', new Uint8Array(certificate.rawData)),
  };
}
