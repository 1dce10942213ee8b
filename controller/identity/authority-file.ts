import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { parsePem, pem } from '../../common/pki/keys.ts';

/** What makes the fleet's CA. Whoever has it can make nodes; losing it means that every node joins anew. */
interface StoredAuthority {
  /** PKCS#8 in PEM. */
  readonly privateKey: string;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** Where the CA is kept. It is made once and never overwritten. */
export interface AuthorityStore {
  load(): Promise<StoredAuthority | undefined>;
  /** @throws TurnpikeError `conflict` when there is one already. */
  create(authority: StoredAuthority): Promise<void>;
}

/** The CA in one PEM file, mode 0600: certificate, then private key. */
export function authorityFile(path: string): AuthorityStore {
  return { load: () => loadAuthority(path), create: (authority) => createAuthority(path, authority) };
}

async function loadAuthority(path: string): Promise<StoredAuthority | undefined> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new TurnpikeError('environment', `others may read the fleet's CA key in ${path}`, {
        remedy: `chmod 600 ${path}; if somebody may have read it, make a new CA and let all nodes join anew`,
      });
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof TurnpikeError) throw error;
    throw new TurnpikeError('environment', `the fleet's CA in ${path} cannot be read: ${errorCode(error)}`);
  }
  try {
    const privateKey = pem('PRIVATE KEY', parsePem('PRIVATE KEY', text));
    return { privateKey, certificate: parsePem('CERTIFICATE', text) };
  } catch {
    throw new TurnpikeError('environment', `${path} does not hold a CA certificate and its key`, {
      remedy: 'restore it from a backup; nodes trust no other',
    });
  }
}

async function createAuthority(path: string, authority: StoredAuthority): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(pem('CERTIFICATE', authority.certificate) + authority.privateKey);
      await file.sync();
    } finally {
      await file.close();
    }
    // link, unlike rename, fails when the name is taken.
    await link(temporary, path);
    await rm(temporary);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw new TurnpikeError('conflict', `${path} holds a CA already`);
    throw new TurnpikeError('environment', `the fleet's CA cannot be kept in ${path}: ${errorCode(error)}`);
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : String(error);
}
