import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Tx } from '../store/store.ts';

/** In the books themselves, so that a backup of them brings it along. Made with the first books. */
export async function addReceiptKey({ db }: Tx): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await db
    .updateTable('fleet')
    .set({ receipt_key: new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })) })
    .where('receipt_key', 'is', null)
    .execute();
}

export interface ReceiptKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export async function loadReceiptKey({ db }: Tx): Promise<ReceiptKey> {
  const { receipt_key } = await db.selectFrom('fleet').select('receipt_key').executeTakeFirstOrThrow();
  // Made before anything else can be asked.
  const key = Buffer.from(receipt_key as Uint8Array);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
