import { randomBytes } from 'node:crypto';
import { decryptBytes, encrypt } from '../../common/aes-gcm.ts';
import { TurnpikeError } from '../../common/errors.ts';

/** Columns that hold what is encrypted under a data key; with each, the column that names its row. */
export const sealedColumns = {
  'fleet.voucher_key': 'id',
  'fleet.receipt_key': 'id',
  'fleet.hardware_key': 'id',
  'devices.preshared_key': 'id',
  'webhooks.secret': 'id',
  'webhooks.previous_secret': 'id',
  'audit_keys.key': 'account_id',
} as const;

export type SealedColumn = keyof typeof sealedColumns;

/** In a column, or in the file of a CA, which is named by its pin. */
export type SealedField = SealedColumn | 'file.ca';

/** One of the keys under which secrets are; the latest one seals. */
export interface DataKey {
  /** Counts up from 1. */
  readonly number: number;
  /** 32. */
  readonly bytes: Uint8Array;
}

export function newDataKey(number: number): DataKey {
  return { number, bytes: new Uint8Array(randomBytes(32)) };
}

const numberBytes = 4;

/**
 * Encrypts what must be read again, each for its place alone: moved to another row, column or table it cannot be read.
 * What is sealed begins with the number of its data key.
 */
export class Vault {
  readonly #keys = new Map<number, Uint8Array>();
  #latest = 0;

  constructor(keys: readonly DataKey[]) {
    for (const key of keys) this.add(key);
  }

  get latest(): number {
    return this.#latest;
  }

  /** All that are known. */
  keys(): DataKey[] {
    return [...this.#keys].map(([number, bytes]) => ({ number, bytes }));
  }

  add({ number, bytes }: DataKey): void {
    this.#keys.set(number, bytes);
    this.#latest = Math.max(this.#latest, number);
  }

  /** All but the latest. */
  dropOld(): void {
    for (const number of this.#keys.keys()) if (number !== this.#latest) this.#keys.delete(number);
  }

  seal(field: SealedField, row: string, secret: string | Uint8Array): Uint8Array {
    const sealed = encrypt(this.#key(this.#latest), secret, `${field} ${row}`);
    const number = Buffer.alloc(numberBytes);
    number.writeUInt32BE(this.#latest);
    return new Uint8Array(Buffer.concat([number, sealed]));
  }

  /** @throws TurnpikeError `environment` when it was sealed for another place, or is damaged */
  openBytes(field: SealedField, row: string, sealed: Uint8Array): Uint8Array {
    const key = this.#key(sealedUnder(sealed));
    const bytes = decryptBytes(key, sealed.subarray(numberBytes), `${field} ${row}`);
    if (bytes !== undefined) return bytes;
    throw new TurnpikeError(
      'environment',
      `${field} of ${row} cannot be decrypted: it was put there by somebody else`,
      {
        remedy: 'restore the database from a backup',
      },
    );
  }

  /** {@link openBytes} of a text. */
  open(field: SealedField, row: string, sealed: Uint8Array): string {
    return Buffer.from(this.openBytes(field, row, sealed)).toString('utf8');
  }

  #key(number: number): Uint8Array {
    const key = this.#keys.get(number);
    if (key !== undefined) return key;
    throw new TurnpikeError(
      'environment',
      `something is encrypted under data key ${number}, which is not there`,
      {
        remedy: 'restore the database from a backup',
      },
    );
  }
}

/** The number of the data key. */
export function sealedUnder(sealed: Uint8Array): number {
  return sealed.length < numberBytes ? 0 : Buffer.from(sealed).readUInt32BE(0);
}
