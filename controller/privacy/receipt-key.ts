import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

/** In the books themselves, so that a backup of them brings it along. Made with the first books. */
export async function addReceiptKey({ db }: Tx, vault: Vault): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await db
    .updateTable('fleet')
    .set({
      receipt_key: vault.seal(
        'fleet.receipt_key',
        '1',
        String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      ),
    })
    .where('receipt_key', 'is', null)
    .execute();
}

export interface ReceiptKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export async function loadReceiptKey({ vault }: Pick<Context, 'vault'>, { db }: Tx): Promise<ReceiptKey> {
  const { receipt_key } = await db.selectFrom('fleet').select('receipt_key').executeTakeFirstOrThrow();
  // Made before anything else can be asked.
  const privateKey = createPrivateKey(vault.open('fleet.receipt_key', '1', receipt_key as Uint8Array));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
