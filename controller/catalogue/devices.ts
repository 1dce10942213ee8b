import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { looksLikeWireguardKey } from '../../common/wireguard-key.ts';
import { sharedKeyDevices } from '../access/seat-reasons.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import type { DeviceFilter, DeviceKey, PageFilter, Search } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { takeDeviceKeys } from './device-keys.ts';
import { loadDevice, loadDevices } from './device-view.ts';
import { findDevice, findLiveDevice, findSubscriptionNamed } from './find.ts';
import { revokeDevice } from './leave-device.ts';
import { orders } from './order.ts';
import { beginsWith, noLimit } from './paging.ts';
import { seesListed } from './reach.ts';
import type { Device, DeviceStatus } from './views.ts';

export function listDevices(
  context: Context,
  filter: DeviceFilter & Search & PageFilter = {},
): Promise<Device[]> {
  return context.store.transaction(async (tx) => {
    const { search } = filter;
    const { column } = orders.devices(search);
    let query = tx.db
      .selectFrom('devices')
      .where(hasStatus(filter.status ?? 'active'))
      .where(await seesListed(tx, 'devices.subscription_id'))
      .select('id')
      .orderBy(column)
      .orderBy('id');
    if (search !== undefined) {
      const isKey = looksLikeWireguardKey(search);
      query = isKey ? query.where('public_key', '=', search) : query.where(beginsWith('label', search));
    }
    if (filter.subscription !== undefined) {
      query = query.where('subscription_id', '=', (await findSubscriptionNamed(tx, filter.subscription)).id);
    }
    if (filter.sharedKey !== undefined) {
      // As one text: there is no limit to how many they are.
      const shared = sql<SqlBool>`id IN (SELECT value FROM json_each(${JSON.stringify(sharedKeyDevices(context))}))`;
      query = query.where(filter.sharedKey ? shared : sql<SqlBool>`NOT ${shared}`);
    }
    if (filter.after !== undefined) query = query.where(afterCursor('devices', filter.after, search));
    const rows = await query.limit(filter.limit ?? noLimit).execute();
    return loadDevices(
      context,
      tx,
      rows.map(({ id }) => id),
    );
  });
}

function hasStatus(status: DeviceStatus): RawBuilder<SqlBool> {
  switch (status) {
    case 'active':
      return sql`removed_at IS NULL`;
    case 'replaced':
      return sql`removed_at IS NOT NULL AND replaced_by IS NOT NULL`;
    case 'revoked':
      return sql`removed_at IS NOT NULL AND replaced_by IS NULL`;
  }
}

export function getDevice(context: Context, id: string): Promise<Device> {
  return context.store.transaction(async (tx) => {
    await findDevice(tx, id);
    return loadDevice(context, tx, id);
  });
}

export function rekeyDevice(
  context: Context,
  id: string,
  input: DeviceKey,
): Promise<{ device: Device; privateKey?: string }> {
  return context.store.transaction(async (tx) => {
    await findLiveDevice(tx, id);
    const { publicKey, presharedKey, privateKey } = await takeDeviceKeys(tx, input);
    const revision = await tx.revision();
    await tx.db
      .updateTable('devices')
      .set({
        public_key: publicKey,
        preshared_key: context.vault.seal('devices.preshared_key', id, presharedKey),
        revision,
      })
      .where('id', '=', id)
      .execute();
    tx.afterCommit(() => {
      context.live.rekeyed(id, revision);
      context.seats.rekeyed(id);
    });
    const device = await loadDevice(context, tx, id);
    return privateKey === undefined ? { device } : { device, privateKey };
  });
}

export function removeDevice(context: Context, id: string): Promise<Device> {
  return context.store.transaction(async (tx) => {
    const { subscription_id } = await findLiveDevice(tx, id);
    await revokeDevice(context, tx, id);
    await turnLedger(context, tx, [subscription_id]);
    return loadDevice(context, tx, id);
  });
}
