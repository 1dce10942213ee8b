import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { parsePem, pem } from '../../common/pki/keys.ts';
import { createSecretFile, putSecretFileAside, readSecretFile, type SecretFile } from './secret-file.ts';

/** What makes the fleet's CA. Whoever has it can make nodes; losing it means that every node joins anew. */
interface StoredAuthority {
  /** PKCS#8 in PEM. */
  readonly privateKey: string;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** Where the CA is kept. It is made once and never overwritten. */
export interface AuthorityStore {
  /** For messages. */
  readonly path: string;
  load(): Promise<StoredAuthority | undefined>;
  /** @throws TurnpikeError `conflict` when there is one already. */
  create(authority: StoredAuthority): Promise<void>;
  /** Keeps whatever is there, readable or not, under its name and this suffix. */
  putAside(suffix: string): Promise<void>;
}

/** The fleet's CAs, beside the database. Which there are says how far a rollover is. */
export interface AuthorityFiles {
  readonly serving: AuthorityStore;
  readonly next: AuthorityStore;
  /** The next one takes the place of the serving one, whose key is gone then: in one step. */
  promote(): Promise<void>;
}

export function authorityFiles(directory: string): AuthorityFiles {
  const serving = authorityFile(join(directory, 'ca.pem'));
  const next = authorityFile(join(directory, 'ca-next.pem'));
  return {
    serving,
    next,
    promote: async () => {
      try {
        await rename(next.path, serving.path);
        await syncDirectory(directory);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : String(error);
        throw new TurnpikeError(
          'environment',
          `${next.path} cannot take the place of ${serving.path}: ${code}`,
        );
      }
    },
  };
}

/** The CA in one PEM file, mode 0600: certificate, then private key. */
export function authorityFile(path: string): AuthorityStore {
  const file: SecretFile = {
    path,
    what: "the fleet's CA",
    whenRead: 'make a new CA and let all nodes join anew',
  };
  return {
    path,
    putAside: (suffix) => putSecretFileAside(file, suffix),
    load: () => loadAuthority(file),
    create: ({ certificate, privateKey }) =>
      createSecretFile(file, pem('CERTIFICATE', certificate) + privateKey),
  };
}

async function loadAuthority(file: SecretFile): Promise<StoredAuthority | undefined> {
  const text = await readSecretFile(file);
  if (text === undefined) return undefined;
  try {
    const privateKey = pem('PRIVATE KEY', parsePem('PRIVATE KEY', text));
    return { privateKey, certificate: parsePem('CERTIFICATE', text) };
  } catch {
    throw new TurnpikeError('environment', `${file.path} does not hold a CA certificate and its key`, {
      remedy: 'restore it from a backup; nodes trust no other',
    });
  }
}
