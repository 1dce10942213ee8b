import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';
import { directoryError, ensureStateDirectory } from './directory.ts';

/** The node's WireGuard key, in base64 as `wg` writes it. The private half never leaves the node. */
export interface WireGuardKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

const fileName = 'wireguard.key';

/** Reads the key of this state directory, or makes one that outlives all incarnations: customers hold its public half. */
export function ensureWireGuardKey(directory: string): WireGuardKey {
  ensureStateDirectory(directory);
  const path = join(directory, fileName);
  const stored = readKey(path);
  if (stored) return stored;
  const { privateKey } = generateKeyPairSync('x25519');
  const text = jwk(privateKey).d;
  writePrivately(path, `${text}\n`);
  return describe(path, text);
}

function readKey(path: string): WireGuardKey | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new TurnpikeError('environment', `${path} cannot be read`, {
      remedy: 'it must belong to the agent’s user',
    });
  }
  return describe(path, text);
}

function describe(path: string, privateKey: string): WireGuardKey {
  const raw = Buffer.from(privateKey, 'base64');
  if (raw.length !== 32) {
    throw new TurnpikeError('environment', `${path} is not a WireGuard key`, {
      remedy: 'restore it from a backup; with another key every customer needs a new configuration',
    });
  }
  // PKCS#8 (RFC 8410) around the 32 bytes.
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw]);
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return {
    privateKey: raw.toString('base64'),
    publicKey: jwk(publicKey).x,
  };
}

function jwk(key: KeyObject): { d: string; x: string } {
  const { d, x } = key.export({ format: 'jwk' });
  const base64 = (text: string | undefined) => Buffer.from(text ?? '', 'base64url').toString('base64');
  return { d: base64(d), x: base64(x) };
}

function writePrivately(path: string, text: string): void {
  const temporary = `${path}.new`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    // Without this, the name may not outlive a power loss, and the next start would make another key.
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    throw directoryError(path, error);
  }
}
