import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from '../books/context.ts';
import type { NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

/**
 * What this controller told a node of a subscription's grants, signed: the node hands it back with its reports. A
 * controller that was restored from a backup learns from it what it granted since; and a node cannot claim a grant that
 * it was never given.
 */
export interface Vouched {
  readonly period: number;
  readonly granted: bigint;
  /** Bytes per second at which it may pass more than it was granted (ledger/row.ts). */
  readonly beyondRate: bigint;
  /** Of the period after that one. */
  readonly nextGranted: bigint;
  readonly nextBeyondRate: bigint;
}

/** Whom it was told, of what. */
export interface VoucherPlace extends Pick<NodeIdentity, 'nodeId' | 'incarnation'> {
  readonly subscriptionId: string;
}

const bodyBytes = 4 + 4 * 8;
const macBytes = 16;

export function signVoucher(key: Uint8Array, place: VoucherPlace, vouched: Vouched): Uint8Array {
  const body = Buffer.alloc(bodyBytes);
  body.writeUInt32BE(vouched.period, 0);
  body.writeBigUInt64BE(vouched.granted, 4);
  body.writeBigUInt64BE(vouched.beyondRate, 12);
  body.writeBigUInt64BE(vouched.nextGranted, 20);
  body.writeBigUInt64BE(vouched.nextBeyondRate, 28);
  return Buffer.concat([body, sign(key, place, body)]);
}

/** Undefined for what this controller never signed, or not for that place. */
export function readVoucher(key: Uint8Array, place: VoucherPlace, voucher: Uint8Array): Vouched | undefined {
  if (voucher.length !== bodyBytes + macBytes) return undefined;
  const bytes = Buffer.from(voucher);
  const body = bytes.subarray(0, bodyBytes);
  if (!timingSafeEqual(bytes.subarray(bodyBytes), sign(key, place, body))) return undefined;
  return {
    period: body.readUInt32BE(0),
    granted: body.readBigUInt64BE(4),
    beyondRate: body.readBigUInt64BE(12),
    nextGranted: body.readBigUInt64BE(20),
    nextBeyondRate: body.readBigUInt64BE(28),
  };
}

function sign(
  key: Uint8Array,
  { nodeId, incarnation, subscriptionId }: VoucherPlace,
  body: Uint8Array,
): Buffer {
  const mac = createHmac('sha256', key).update(`${nodeId} ${incarnation} ${subscriptionId} `).update(body);
  return mac.digest().subarray(0, macBytes);
}

/** In the books themselves, so that a backup of them brings it along. Made with the first books. */
export async function addVoucherKey({ db }: Tx, vault: Vault): Promise<void> {
  await db
    .updateTable('fleet')
    .set({ voucher_key: vault.seal('fleet.voucher_key', '1', randomBytes(32)) })
    .where('voucher_key', 'is', null)
    .execute();
}

export async function loadVoucherKey({ vault }: Pick<Context, 'vault'>, { db }: Tx): Promise<Uint8Array> {
  const { voucher_key } = await db.selectFrom('fleet').select('voucher_key').executeTakeFirstOrThrow();
  // Made before anything else can be asked.
  return vault.openBytes('fleet.voucher_key', '1', voucher_key as Uint8Array);
}
