import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { checkKey, derivePublicKey, keyToHex } from '../wireguard/keys.ts';
import { directoryError, ensureStateDirectory } from './directory.ts';

/** The node's WireGuard key, in base64 as `wg` writes it. The private half never leaves the node. */
export interface WireGuardKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

const fileName = 'wireguard.key';

/**
 * Reads the key of this state directory, or makes one. It outlives all incarnations: customers' configurations hold
 * its public half.
 */
export async function ensureWireGuardKey(directory: string): Promise<WireGuardKey> {
  ensureStateDirectory(directory);
  const path = join(directory, fileName);
  const privateKey = (await readKey(path)) ?? (await makeKey(path));
  try {
    checkKey(privateKey, path);
  } catch {
    throw new TurnpikeError('environment', `${path} is not a WireGuard key`, {
      remedy: 'restore it from a backup: with another key every customer needs a new configuration',
    });
  }
  return { privateKey, publicKey: derivePublicKey(keyToHex(privateKey)) };
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new TurnpikeError('environment', `${path} cannot be read`, {
      remedy: 'it must belong to the agent’s user',
    });
  }
}

async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('x25519');
  const text = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url').toString('base64');
  try {
    await writeFileAtomically(path, `${text}\n`);
  } catch (error) {
    throw directoryError(path, error);
  }
  return text;
}
