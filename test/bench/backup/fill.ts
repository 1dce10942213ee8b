import { randomBytes } from 'node:crypto';
import { newId } from '../../../common/ids.ts';
import { chunks } from '../../../controller/store/chunks.ts';
import { openStore, type Tx } from '../../../controller/store/store.ts';
import { openVault } from '../../../controller/vault/data-keys.ts';
import type { EnvelopeStore } from '../../../controller/vault/envelope.ts';
import type { Vault } from '../../../controller/vault/vault.ts';

const perSubscription = 2;

/**
 * Makes so many devices more out of the one customer in these books, row by row as that one is, with ids, keys and
 * addresses of their own. To sell to each would take hours on a busy machine.
 */
export async function fill(path: string, envelope: EnvelopeStore, devices: number): Promise<void> {
  const store = await openStore(path);
  try {
    const vault = await store.transaction((tx) => openVault(tx, envelope, 0));
    const customers = Array.from({ length: devices / perSubscription }, (_, index) => index);
    for (const some of chunks(customers, 1000)) {
      await store.transaction(async (tx) => {
        for (const customer of some) await copyCustomer(tx, vault, customer);
      });
    }
  } finally {
    await store.close();
  }
}

async function copyCustomer(tx: Tx, vault: Vault, customer: number): Promise<void> {
  const { db } = tx;
  const [account_id, subscription_id] = [newId('acc'), newId('sub')];
  const first = <Row>(rows: Row[]): Row => rows[0] as Row;
  const account = first(await db.selectFrom('accounts').selectAll().limit(1).execute());
  const subscription = first(await db.selectFrom('subscriptions').selectAll().limit(1).execute());
  const period = first(await db.selectFrom('periods').selectAll().limit(1).execute());
  const device = first(await db.selectFrom('devices').selectAll().limit(1).execute());
  await db
    .insertInto('accounts')
    .values({ ...account, id: account_id, reference: `customer-${customer}` })
    .execute();
  await db
    .insertInto('subscriptions')
    .values({ ...subscription, id: subscription_id, account_id })
    .execute();
  await db
    .insertInto('periods')
    .values({ ...period, subscription_id })
    .execute();
  for (let count = 0; count < perSubscription; count++) {
    const id = newId('dev');
    // Behind those of the one who is there.
    const slot = 100 + customer * perSubscription + count;
    const preshared_key = vault.seal('devices.preshared_key', id, randomBytes(32).toString('base64'));
    const public_key = randomBytes(32).toString('base64');
    const own = { id, subscription_id, slot, preshared_key, public_key, label: `phone ${slot}` };
    await db
      .insertInto('devices')
      .values({ ...device, ...own })
      .execute();
    await db.insertInto('slots').values({ slot, device_id: id, free_at: null }).execute();
  }
}
