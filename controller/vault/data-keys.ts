import { decryptBytes, encrypt } from '../../common/aes-gcm.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { atHand, type EnvelopeKey, type EnvelopeStore, type Envelopes } from './envelope.ts';
import { type DataKey, newDataKey, Vault } from './vault.ts';

/**
 * The data keys of these books, opened with the envelope key; made with the first books. Those that are under a former
 * envelope key come under the current one.
 * @throws TurnpikeError `environment` when the key that they are under is not at hand: nothing is changed then
 */
export async function openVault(tx: Tx, store: EnvelopeStore, now: number): Promise<Vault> {
  const rows = await tx.db.selectFrom('data_keys').orderBy('number').selectAll().execute();
  const envelopes = await store.load();
  if (rows.length === 0) {
    const key = newDataKey(1);
    await insertDataKey(tx, envelopes.current ?? (await store.create()), key, now);
    return new Vault([key]);
  }
  const { current } = envelopes;
  if (current === undefined) throw missing(store, rows);
  const keys = rows.map((row) => unwrap(store, envelopes, row));
  if (rows.some(({ envelope }) => envelope !== current.id)) await wrapAnew(tx, current, keys);
  return new Vault(keys);
}

export async function insertDataKey(tx: Tx, envelope: EnvelopeKey, key: DataKey, now: number): Promise<void> {
  const row = { number: key.number, ...wrap(envelope, key), created_at: now };
  await tx.db.insertInto('data_keys').values(row).execute();
}

/** Puts the data keys under another envelope key. */
export async function wrapAnew(tx: Tx, envelope: EnvelopeKey, keys: readonly DataKey[]): Promise<void> {
  for (const key of keys) {
    const row = wrap(envelope, key);
    await tx.db.updateTable('data_keys').set(row).where('number', '=', key.number).execute();
  }
}

function wrap(envelope: EnvelopeKey, { number, bytes }: DataKey) {
  return { envelope: envelope.id, wrapped: encrypt(envelope.bytes, bytes, placeOf(number)) };
}

function unwrap(store: EnvelopeStore, envelopes: Envelopes, row: Row<'data_keys'>): DataKey {
  const envelope = atHand(envelopes).find(({ id }) => id === row.envelope);
  const bytes = envelope && decryptBytes(envelope.bytes, row.wrapped, placeOf(row.number));
  if (bytes !== undefined) return { number: row.number, bytes };
  throw new TurnpikeError(
    'environment',
    `the secrets in the database are under envelope key ${row.envelope}, and ${store.place} is ${envelopes.current?.id ?? 'none'}`,
    { remedy: `put back key ${row.envelope}: nothing else can read them. ${whatIsLost}` },
  );
}

function missing(store: EnvelopeStore, rows: readonly Row<'data_keys'>[]): TurnpikeError {
  return new TurnpikeError(
    'environment',
    `the envelope key is missing: there is no ${store.place}, and the secrets in the database are under it (${rows.at(-1)?.envelope})`,
    { remedy: `put it back from where you keep it. ${whatIsLost}` },
  );
}

const whatIsLost =
  'If it is lost for good, so are the CA, the preshared keys of devices, the secrets of webhooks and every backup made under it';

function placeOf(number: number): string {
  return `data_keys.wrapped ${number}`;
}
