import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acceptIdentity } from '../../../agent/identity/accept.ts';
import { IdentityFile } from '../../../agent/identity/identity-file.ts';
import { publicKeyOf } from '../../../agent/identity/request.ts';
import { systemClock } from '../../../common/clock.ts';
import { type Identity, IdentitySchema } from '../../../common/gen/turnpike/v1/enrolment_pb.ts';
import { newId } from '../../../common/ids.ts';
import { createKeyPair, exportPrivateKey, pem } from '../../../common/pki/keys.ts';
import { CertificateAuthority } from '../../../controller/identity/authority.ts';
import { authorityFile } from '../../../controller/identity/authority-file.ts';
import { fixedVault } from '../vault.ts';
import { Cleanup } from './rig.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const node = { nodeId: newId('nod'), nodeName: 'ams-1', incarnation: 2 };
let authority: CertificateAuthority;
let privateKey: string;
let answer: Identity;

beforeEach(async () => {
  authority = await newAuthority();
  privateKey = await newKey();
  const { der } = await authority.issueNode(node, publicKeyOf(privateKey));
  answer = create(IdentitySchema, { ...node, certificate: der, caCertificate: authority.certificate });
});

async function newAuthority(): Promise<CertificateAuthority> {
  const store = authorityFile(join(await cleanup.directory(), 'ca.pem'), fixedVault);
  return (await CertificateAuthority.open(store, systemClock)).authority;
}

const newKey = async () => exportPrivateKey((await createKeyPair()).privateKey);

function accept(change: Partial<Identity> = {}, key = privateKey) {
  const caCertificate = pem('CERTIFICATE', authority.certificate);
  const expected = {
    caCertificate,
    privateKey: key,
    controllerAddress: '192.0.2.1:7443',
    enrolmentAddress: '192.0.2.1:7444',
  };
  return acceptIdentity({ ...answer, ...change }, expected, systemClock.now());
}

it('an answer that is right becomes the identity', () => {
  expect(accept()).toMatchObject({ ...node, privateKey, controllerAddress: '192.0.2.1:7443' });
});

it('a certificate for another key is refused', async () => {
  const other = await newKey();
  expect(() => accept({}, other)).toThrow('for another key');
});

it('a certificate of another CA is refused', async () => {
  const { der } = await (await newAuthority()).issueNode(node, publicKeyOf(privateKey));
  expect(() => accept({ certificate: der })).toThrow("not signed by the fleet's CA");
});

it.each([
  ['another node', { nodeId: newId('nod') }, 'for another node'],
  ['another incarnation', { incarnation: 3 }, 'for another node'],
  ['another CA', { caCertificate: new Uint8Array(3) }, 'another CA'],
  ['a name that is no id', { nodeId: '../../etc' }, 'is not an id'],
  ['no certificate', { certificate: new Uint8Array(3) }, 'holds no certificate'],
])('an answer that names %s is refused', (_what, change, message) => {
  expect(() => accept(change)).toThrow(message);
});

it('an identity comes back from the disk as it was saved', async () => {
  const directory = await cleanup.directory();
  const file = new IdentityFile(directory);
  expect(await file.load()).toBeUndefined();
  await file.save(accept());
  expect(await new IdentityFile(directory).load()).toEqual(accept());
  expect(await readdir(directory)).toEqual(['identity.json']);
});

it.each(['', 'garbage', '{"nodeId":"x"}'])(
  'a damaged identity file (%s) is refused with a remedy',
  async (text) => {
    const directory = await cleanup.directory();
    await writeFile(join(directory, 'identity.json'), text);
    await expect(new IdentityFile(directory).load()).rejects.toMatchObject({
      code: 'environment',
      remedy: expect.stringContaining('--force-new'),
    });
  },
);

it('a state directory that cannot be made is refused in one line', async () => {
  const path = join(await cleanup.directory(), 'file');
  await writeFile(path, '');
  await expect(new IdentityFile(join(path, 'state')).saveJoiningKey('k')).rejects.toMatchObject({
    code: 'environment',
    message: expect.stringContaining('ENOTDIR'),
  });
});
