import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { createKeyPair, exportPublicKey, keyAlgorithm, parsePem, sha256 } from '../../common/pki/keys.ts';
import { Pkcs10CertificateRequestGenerator } from '../../common/pki/x509.ts';
import { fixedVault } from '../../test/unit/vault.ts';
import { CertificateAuthority } from './authority.ts';
import { authorityFile } from './authority-file.ts';
import { publicKeyOfRequest } from './csr.ts';
import { hashJoinToken, newJoinToken } from './token.ts';

const identity = { nodeId: 'nod_0123456789abcdef', nodeName: 'ams-1', incarnation: 3 };
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-ca-'));
  path = join(directory, 'ca.pem');
});

afterEach(() => rm(directory, { recursive: true }));

const open = (clock = systemClock) => CertificateAuthority.open(authorityFile(path, fixedVault), clock);

it('the CA is made on the first start, for the owner only, and is the same ever after', async () => {
  const first = await open();
  const second = await open();
  expect(first.created).toBe(true);
  expect(second.created).toBe(false);
  expect(second.authority.pin).toBe(first.authority.pin);
  expect(first.authority.pin).toBe(sha256(first.authority.certificate).toString('hex'));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('a CA is never overwritten', async () => {
  await open();
  const before = await readFile(path, 'utf8');
  const store = authorityFile(path, fixedVault);
  const other = { privateKey: 'x', certificate: new Uint8Array(3) };
  await expect(store.create(other)).rejects.toMatchObject({ code: 'conflict' });
  expect(await readFile(path, 'utf8')).toBe(before);
});

it('a damaged CA file is refused with a remedy, not replaced', async () => {
  await writeFile(path, 'garbage', { mode: 0o600 });
  await expect(open()).rejects.toMatchObject({
    code: 'environment',
    remedy: expect.stringContaining('backup'),
  });
});

it('a CA key that others may read is refused', async () => {
  await open();
  await writeFile(join(directory, 'copy.pem'), await readFile(path), { mode: 0o644 });
  const store = authorityFile(join(directory, 'copy.pem'), fixedVault);
  await expect(CertificateAuthority.open(store, systemClock)).rejects.toMatchObject({ code: 'environment' });
});

const dayMs = 86_400_000;
const inDays = (days: number) => ({ ...systemClock, now: () => systemClock.now() + days * dayMs });

it.each([
  ['is not valid yet', 365, 0, /not valid before 2.*Z, and this machine's clock says 2.*Z/],
  ['has ended', 0, 21 * 365, /ended on 2.*Z, and this machine's clock says 2.*Z/],
])('a CA that %s is refused with both times, and what mends it', async (_what, made, opened, message) => {
  await open(inDays(made));
  await expect(open(inDays(opened))).rejects.toMatchObject({
    code: 'environment',
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(/set it; if it is right, .*--new-ca/),
  });
  await open(inDays(made));
});

it('a clock that was ahead by some hours when the CA was made is none of its business', async () => {
  await open(inDays(0.9));
  expect((await open()).created).toBe(false);
});

it('a CA with the key of another is refused, whatever the clock says', async () => {
  const { privateKey } = await storedAt('other.pem');
  const { certificate } = await storedAt('ca.pem');
  const store = authorityFile(join(directory, 'mixed.pem'), fixedVault);
  await store.create({ privateKey, certificate });
  await expect(CertificateAuthority.open(store, inDays(21 * 365))).rejects.toMatchObject({
    message: expect.stringMatching(/mixed\.pem do not belong together/),
    remedy: 'restore the file from a backup',
  });
});

async function storedAt(name: string) {
  const store = authorityFile(join(directory, name), fixedVault);
  await CertificateAuthority.open(store, systemClock);
  const stored = await store.load();
  if (stored === undefined) throw new Error('it was not made');
  return stored;
}

it("a node's certificate names node and incarnation, is for dialling only, and starts an hour back", async () => {
  const { authority } = await open();
  const key = await createKeyPair();
  const issued = await authority.issueNode(identity, await exportPublicKey(key.publicKey));
  const certificate = new X509Certificate(issued.der);
  const authorityCertificate = new X509Certificate(authority.certificate);
  expect(certificate.subjectAltName).toBe('URI:turnpike://node/nod_0123456789abcdef/3');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate.ca).toBe(false);
  expect(certificate.verify(authorityCertificate.publicKey)).toBe(true);
  expect(certificate.checkIssued(authorityCertificate)).toBe(true);
  expect(certificate.serialNumber.toLowerCase()).toBe(issued.serial);
  expect(certificate.validFromDate.getTime()).toBeLessThan(systemClock.now() - 3600_000);
  const days = (issued.notAfter - systemClock.now()) / 86_400_000;
  expect(days).toBeGreaterThan(29.9);
  expect(days).toBeLessThan(30.1);
});

it("the controller's own certificate is for its fixed name, and its chain ends with the CA", async () => {
  const { authority } = await open();
  const { chain } = await authority.issueServer();
  const leaf = new X509Certificate(chain);
  const last = chain.slice(chain.lastIndexOf('-----BEGIN'));
  expect(leaf.subjectAltName).toBe('DNS:controller.turnpike.internal');
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(sha256(parsePem('CERTIFICATE', last)).toString('hex')).toBe(authority.pin);
});

it('of a certificate request only the public key is taken', async () => {
  const keys = await createKeyPair();
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=somebody else',
    keys,
    signingAlgorithm: keyAlgorithm,
  });
  const key = await publicKeyOfRequest(new Uint8Array(request.rawData));
  expect(Buffer.from(key)).toEqual(Buffer.from(await exportPublicKey(keys.publicKey)));
});

it('a certificate request that its key did not sign is refused', async () => {
  const keys = await createKeyPair();
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=x',
    keys,
    signingAlgorithm: keyAlgorithm,
  });
  const bytes = new Uint8Array(request.rawData);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  await expect(publicKeyOfRequest(bytes)).rejects.toMatchObject({ code: 'invalid' });
});

it.each([new Uint8Array(), new Uint8Array(5000), Buffer.from('not a request')])(
  'what is no certificate request is refused',
  async (bytes) => {
    await expect(publicKeyOfRequest(bytes)).rejects.toMatchObject({ code: 'invalid' });
  },
);

it('a join token has 256 bits and is found again by its hash', () => {
  const { token, hash } = newJoinToken();
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(hashJoinToken(token)).toEqual(hash);
});
