import { systemClock } from '../../common/clock.ts';
import { pem } from '../../common/pki/keys.ts';
import { CertificateAuthority } from '../../controller/identity/authority.ts';
import type { AuthorityStore } from '../../controller/identity/authority-file.ts';

const nowhere: AuthorityStore = {
  path: 'memory',
  load: async () => undefined,
  create: async () => undefined,
  putAside: async () => undefined,
};

let made: Promise<CertificateAuthority> | undefined;

/** One for all worlds: nothing in them hangs on its key. */
export function certificateAuthority(): Promise<CertificateAuthority> {
  made ??= CertificateAuthority.open(nowhere, systemClock).then(({ authority }) => authority);
  return made;
}

/** A certificate that outlives every world: renewal is not simulated. */
export async function lastingCertificate(): Promise<string> {
  return pem('CERTIFICATE', (await certificateAuthority()).certificate);
}
