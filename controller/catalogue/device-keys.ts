import { randomBytes } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import { generateWireguardKeyPair, parsePublicKey } from '../../common/wireguard-key.ts';
import type { Tx } from '../store/store.ts';
import type { DeviceKey } from './catalogue.ts';

export interface DeviceKeys {
  readonly publicKey: string;
  readonly presharedKey: string;
  /** Only where we made the pair. Never stored. */
  readonly privateKey?: string;
}

export function makePresharedKey(): string {
  return randomBytes(32).toString('base64');
}

/** The caller's public key, or a pair of ours; the preshared key is always ours. */
export async function takeDeviceKeys(tx: Tx, input: DeviceKey): Promise<DeviceKeys> {
  const presharedKey = makePresharedKey();
  if (input.publicKey === undefined) return { ...generateWireguardKeyPair(), presharedKey };
  const publicKey = parsePublicKey(input.publicKey);
  await refuseTakenKey(tx, publicKey);
  return { publicKey, presharedKey };
}

/** WireGuard knows peers by their key alone: two devices with one, or a node's own, would take each other's place. */
async function refuseTakenKey(tx: Tx, publicKey: string): Promise<void> {
  const device = await tx.db
    .selectFrom('devices')
    .where('public_key', '=', publicKey)
    .select('id')
    .executeTakeFirst();
  const remedy = 'give the public key that belongs to this device alone, or none and let us make a pair';
  if (device) {
    // Whose it is, is not for everybody.
    const which = tx.tag === undefined ? `device ${device.id}` : 'another device';
    throw new TurnpikeError('conflict', `${which} has this public key already`, { remedy });
  }
  const node = await tx.db
    .selectFrom('nodes')
    .where('public_key', '=', publicKey)
    .where('removed_at', 'is', null)
    .select('name')
    .executeTakeFirst();
  if (node) throw new TurnpikeError('conflict', `this is the public key of node ${node.name}`, { remedy });
}
