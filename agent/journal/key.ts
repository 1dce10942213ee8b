import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { generateWireguardKeyPair, publicKeyOf, type WireguardKeyPair } from '../../common/wireguard-key.ts';
import { directoryError, ensureStateDirectory } from './directory.ts';
import type { Owner } from './state.ts';

const fileName = 'wireguard.key';

export const wireguardKeyPath = (directory: string): string => join(directory, fileName);

/** Its first start with a journal follows the making of the key: from then on the key must be there. */
export function isKeyGone(directory: string, { journalBegun = false }: Pick<Owner, 'journalBegun'>): boolean {
  return journalBegun && !existsSync(wireguardKeyPath(directory));
}

/**
 * Reads the node's WireGuard key from its state directory, or makes one for a node that has not been in service. The
 * private half never leaves the node, and the key outlives all incarnations: customers' configurations hold its public
 * half.
 * @throws TurnpikeError `environment` also when the owner has had one that is gone
 */
export async function ensureWireguardKey(
  directory: string,
  owner: Pick<Owner, 'journalBegun'>,
): Promise<WireguardKeyPair> {
  ensureStateDirectory(directory);
  const path = wireguardKeyPath(directory);
  const stored = await readKey(path);
  if (stored === undefined) {
    refuseLostKey(directory, owner);
    return await makeKey(path);
  }
  try {
    return { privateKey: stored, publicKey: publicKeyOf(stored) };
  } catch {
    throw new TurnpikeError('environment', `${path} is not a WireGuard key`, {
      remedy: `put that file alone back from a backup; if there is none, move it away: ${anew}`,
    });
  }
}

const anew =
  'turnpike-agent new-key makes another, and every configuration of this node must then be handed out anew';

/** @throws TurnpikeError `environment` when this node has had a key that is gone */
export function refuseLostKey(directory: string, owner: Pick<Owner, 'journalBegun'>): void {
  if (!isKeyGone(directory, owner)) return;
  const path = wireguardKeyPath(directory);
  throw new TurnpikeError(
    'environment',
    `${path} is gone, and this node has been in service: all configurations that were handed out are for that key`,
    {
      remedy: `put that file alone back from a backup; until the interface is taken down or the machine restarts, "wg show INTERFACE private-key" prints it too; if it is lost, ${anew}`,
    },
  );
}

/**
 * Makes the key of this node, where there is none: also in place of one that is lost.
 * @throws TurnpikeError `conflict` when there is one
 */
export async function makeWireguardKey(directory: string): Promise<WireguardKeyPair> {
  const path = wireguardKeyPath(directory);
  if (existsSync(path)) {
    throw new TurnpikeError('conflict', `${path} is there`, {
      remedy:
        'to have another key all the same, move it away first: every configuration of this node must then be handed out anew',
    });
  }
  return await makeKey(path);
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
