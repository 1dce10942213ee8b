import { systemClock } from '../../common/clock.ts';
import { createKeyPair, exportPublicKey, pem } from '../../common/pki/keys.ts';
import { Authorities } from '../../controller/identity/authorities.ts';
import { CertificateAuthority } from '../../controller/identity/authority.ts';
import type { AuthorityStore } from '../../controller/identity/authority-file.ts';
import type { IssuedCertificate, NodeIdentity } from '../../controller/south/ports.ts';

const nowhere: AuthorityStore = {
  path: 'memory',
  load: async () => undefined,
  create: async () => undefined,
  putAside: async () => undefined,
  reseal: async () => undefined,
};

/** Longer than any world lasts: renewal is not simulated. */
const nodeLifeMs = 10 * 365 * 86_400_000;

interface Fleet {
  readonly authorities: Authorities;
  readonly caCertificate: string;
  readonly nodeKey: Uint8Array;
}

let made: Promise<Fleet> | undefined;

/** The CA of all worlds, and one key for all nodes: nothing in them hangs on either. */
export function fleet(): Promise<Fleet> {
  made ??= make();
  return made;
}

async function make(): Promise<Fleet> {
  const { authority } = await CertificateAuthority.open(nowhere, systemClock, nodeLifeMs);
  const never = async () => {
    throw new Error('no CA takes over here');
  };
  return {
    authorities: new Authorities(authority, undefined, { begin: never, finish: never }),
    caCertificate: pem('CERTIFICATE', authority.certificate),
    nodeKey: await exportPublicKey((await createKeyPair()).publicKey),
  };
}

/**
 * The certificates of a node's first incarnations. Made before the world goes on: signing is nothing that happens within
 * its time.
 */
export async function issueAll(
  node: Omit<NodeIdentity, 'incarnation'>,
  count: number,
): Promise<IssuedCertificate[]> {
  const { authorities, nodeKey } = await fleet();
  const issued: IssuedCertificate[] = [];
  for (let incarnation = 1; incarnation <= count; incarnation += 1) {
    issued.push(await authorities.issuing.issueNode({ ...node, incarnation }, nodeKey));
  }
  return issued;
}
