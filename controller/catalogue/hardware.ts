import { createHmac, randomBytes } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { normalLine } from './words.ts';

const longest = 200;

/**
 * A hardware id as an app gives it. It is repeated nowhere: not in errors, logs or answers.
 * @throws TurnpikeError `invalid`
 */
export function parseHardwareId(text: string): string {
  const id = normalLine(text);
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
  context: Context,
  tx: Tx,
  subscriptionId: string,
  hardwareId: string,
): Promise<Uint8Array> {
  const key = await settleKey(context, tx);
  return new Uint8Array(createHmac('sha256', key).update(`${subscriptionId}\n${hardwareId}`).digest());
}

/** The key, made at first need. In the books themselves, so that a backup of them brings it along. */
async function settleKey({ vault }: Context, { db }: Tx): Promise<Uint8Array> {
  const { hardware_key: sealed } = await db
    .selectFrom('fleet')
    .select('hardware_key')
    .executeTakeFirstOrThrow();
  if (sealed !== null) return vault.openBytes('fleet.hardware_key', '1', sealed);
  const key = randomBytes(32);
  const hardware_key = vault.seal('fleet.hardware_key', '1', key);
  await db.updateTable('fleet').set({ hardware_key }).execute();
  return key;
}
