import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { generateWireguardKeyPair, publicKeyOf, type WireguardKeyPair } from '../../common/wireguard-key.ts';
import { directoryError, ensureStateDirectory } from './directory.ts';

const fileName = 'wireguard.key';

/**
 * Reads the node's WireGuard key from its state directory, or makes one. The private half never leaves the node, and
 * the key outlives all incarnations: customers' configurations hold its public half.
 */
export async function ensureWireguardKey(directory: string): Promise<WireguardKeyPair> {
  ensureStateDirectory(directory);
  const path = join(directory, fileName);
  const stored = await readKey(path);
  if (stored === undefined) return await makeKey(path);
  try {
    return { privateKey: stored, publicKey: publicKeyOf(stored) };
  } catch {
    throw new TurnpikeError('environment', `${path} is not a WireGuard key`, {
      remedy: 'restore it from a backup: with another key every customer needs a new configuration',
    });
  }
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

async function makeKey(path: string): Promise<WireguardKeyPair> {
  const pair = generateWireguardKeyPair();
  try {
    await writeFileAtomically(path, `${pair.privateKey}\n`);
  } catch (error) {
    throw directoryError(path, error);
  }
  return pair;
}
