import { createHash, createHmac, randomBytes } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import type { HardwareKeyStore } from '../identity/hardware-key.ts';
import type { Tx } from '../store/store.ts';

const longest = 200;

/**
 * A hardware id as an app gives it. It is repeated nowhere: not in errors, logs or answers.
 * @throws TurnpikeError `invalid`
 */
export function parseHardwareId(text: string): string {
  const id = text.normalize('NFC').trim();
  if (id.length === 0 || id.length > longest || !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(id)) {
    throw new TurnpikeError('invalid', `a hardware id is 1 to ${longest} printable characters`);
  }
  return id;
}

/**
 * What is stored of a hardware id: HMAC-SHA-256 under the fleet's key. Bound to the subscription, so that nobody can
 * tell from the books which customers share a machine.
 */
export async function hashHardwareId(
  { hardwareKey }: Context,
  tx: Tx,
  subscriptionId: string,
  hardwareId: string,
): Promise<Uint8Array> {
  const key = await settleKey(hardwareKey, tx);
  return new Uint8Array(createHmac('sha256', key).update(`${subscriptionId}\n${hardwareId}`).digest());
}

/**
 * The key, made at first need. Under another key every known machine would pass for a new one: so as long as there
 * are hashes, only the key that made them will do.
 */
async function settleKey(keys: HardwareKeyStore, tx: Tx): Promise<Uint8Array> {
  const { hardware_key_sha256: known } = await tx.db
    .selectFrom('fleet')
    .select('hardware_key_sha256')
    .executeTakeFirstOrThrow();
  const stored = await keys.load();
  if (stored !== undefined && known !== null && sha256(stored).equals(known)) return stored;
  const kept = await countHashes(tx);
  if (kept > 0) {
    const wrong = stored === undefined ? 'is missing' : 'is another one';
    throw new TurnpikeError('environment', `the key of the hardware ids in ${keys.path} ${wrong}`, {
      remedy: `restore it from a backup; if it is lost, the ${kept} devices that were enrolled with a hardware id must be removed and enrolled anew`,
    });
  }
  const key = stored ?? new Uint8Array(randomBytes(32));
  // The file first: a hash without its key is of no use, a key without hashes is harmless.
  if (stored === undefined) await keys.create(key);
  await tx.db
    .updateTable('fleet')
    .set({ hardware_key_sha256: new Uint8Array(sha256(key)) })
    .execute();
  return key;
}

async function countHashes(tx: Tx): Promise<number> {
  const { count } = await tx.db
    .selectFrom('devices')
    .where('hardware_hash', 'is not', null)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
