import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { syncDirectory, writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { oneByOne } from '../../common/one-by-one.ts';
import { parsePem, pem, sha256 } from '../../common/pki/keys.ts';
import {
  createSecretFile,
  directoryRemedy,
  putSecretFileAside,
  readSecretFile,
  type SecretFile,
} from '../../common/secret-file.ts';
import type { Vault } from '../vault/vault.ts';

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
  /** Writes it anew under the vault's latest key, if there is one. */
  reseal(): Promise<void>;
}

/** The fleet's CAs, beside the database. Which there are says how far a rollover is. */
export interface AuthorityFiles {
  readonly serving: AuthorityStore;
  readonly next: AuthorityStore;
  /** The next one takes the place of the serving one, whose key is gone then: in one step. */
  promote(): Promise<void>;
  reseal(): Promise<void>;
  /** What is there, by file name, as it is written: for a backup. */
  contents(): Promise<Record<string, string>>;
}

const servingName = 'ca.pem';
const nextName = 'ca-next.pem';

/** Of the files, beside the database. */
export const authorityNames: readonly string[] = [servingName, nextName];

export function authorityFiles(directory: string, vault: Vault): AuthorityFiles {
  const serving = authorityFile(join(directory, servingName), vault);
  const next = authorityFile(join(directory, nextName), vault);
  // One that is read, and written anew once another took its place, would bring the old CA back.
  const inTurn = oneByOne();
  return {
    serving,
    next,
    reseal: () =>
      inTurn(async () => {
        await serving.reseal();
        await next.reseal();
      }),
    contents: () =>
      inTurn(async () => {
        const found: Record<string, string> = {};
        for (const { path } of [serving, next]) {
          const text = await readSecretFile(toFile(path));
          if (text !== undefined) found[basename(path)] = text;
        }
        return found;
      }),
    promote: () =>
      inTurn(async () => {
        try {
          await rename(next.path, serving.path);
          await syncDirectory(directory);
        } catch (error) {
          const code = error instanceof Error && 'code' in error ? error.code : String(error);
          throw new TurnpikeError(
            'environment',
            `${next.path} cannot take the place of ${serving.path}: ${code}`,
            { remedy: directoryRemedy },
          );
        }
      }),
  };
}

/** The CA in one PEM file, mode 0600: certificate, then private key, which is encrypted. */
export function authorityFile(path: string, vault: Vault): AuthorityStore {
  const file = toFile(path);
  return {
    path,
    putAside: (suffix) => putSecretFileAside(file, suffix),
    load: () => loadAuthority(file, vault),
    create: (authority) => createSecretFile(file, renderAuthority(vault, authority)),
    reseal: async () => {
      const authority = await loadAuthority(file, vault);
      if (authority) await writeFileAtomically(path, renderAuthority(vault, authority));
    },
  };
}

function toFile(path: string): SecretFile {
  return { path, what: "the fleet's CA", whenRead: 'make a new CA and let all nodes join anew' };
}

/** RFC 7468 leaves labels to whoever needs one. */
const sealedKeyLabel = 'TURNPIKE ENCRYPTED KEY';

function renderAuthority(vault: Vault, { certificate, privateKey }: StoredAuthority): string {
  const sealed = vault.seal('file.ca', pinOf(certificate), privateKey);
  return pem('CERTIFICATE', certificate) + pem(sealedKeyLabel, sealed);
}

function pinOf(certificate: Uint8Array): string {
  return sha256(certificate).toString('hex');
}

async function loadAuthority(file: SecretFile, vault: Vault): Promise<StoredAuthority | undefined> {
  const text = await readSecretFile(file);
  if (text === undefined) return undefined;
  try {
    const certificate = parsePem('CERTIFICATE', text);
    const sealed = parsePem(sealedKeyLabel, text);
    return { privateKey: vault.open('file.ca', pinOf(certificate), sealed), certificate };
  } catch {
    throw new TurnpikeError('environment', `${file.path} does not hold a CA certificate and its key`, {
      remedy: 'restore it from a backup; nodes trust no other',
    });
  }
}
