import { formatSize, maxBytes } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import type { NewTariff, PageFilter } from './catalogue.ts';
import { findGroup, findTariff } from './find.ts';
import { afterItem, noLimit } from './paging.ts';
import type { Tariff } from './views.ts';
import { parseName } from './words.ts';

export function addTariff({ store, clock }: Context, input: NewTariff): Promise<Tariff> {
  const name = parseName('tariff', input.name);
  const { volumeBytes, maxDevices = null, group = 'default', enforcement = 'inherit' } = input;
  if (volumeBytes !== null && (volumeBytes <= 0n || volumeBytes > maxBytes)) {
    throw new TurnpikeError('invalid', `a volume of ${formatSize(volumeBytes)} cannot be sold`, {
      remedy: 'give more than zero and less than 2^63 bytes, or make the tariff unlimited',
    });
  }
  if (maxDevices !== null && (!Number.isInteger(maxDevices) || maxDevices < 1 || maxDevices > 1_000_000)) {
    throw new TurnpikeError('invalid', `${maxDevices} is not a number of devices from 1 to 1000000`);
  }
  return store.transaction(async (tx) => {
    const known = await tx.db.selectFrom('tariffs').where('name', '=', name).select('id').executeTakeFirst();
    if (known) throw new TurnpikeError('conflict', `there is a tariff "${name}" already: ${known.id}`);
    const { id: groupId } = await findGroup(tx, group);
    const id = newId('tar');
    await tx.db
      .insertInto('tariffs')
      .values({
        id,
        name,
        volume_bytes: volumeBytes,
        max_devices: maxDevices,
        max_connections: null,
        seat_policy: 'reject-new',
        shared_key: 'notify',
        require_hardware_id: 0,
        upload_bits_per_second: null,
        download_bits_per_second: null,
        speed_scope: 'device',
        throttle_bits_per_second: null,
        thresholds: '[]',
        period_kind: 'once',
        period_days: null,
        rollover: 0,
        duration_days: null,
        grace_seconds: 0,
        group_id: groupId,
        enforcement,
        created_at: clock.now(),
      })
      .execute();
    return loadTariff(tx, id);
  });
}

export function listTariffs({ store }: Context, page: PageFilter = {}): Promise<Tariff[]> {
  return store.transaction(async (tx) => {
    let query = selectTariffs(tx).orderBy('tariffs.created_at').orderBy('tariffs.id');
    if (page.after !== undefined) query = query.where(await afterItem(tx, 'tariffs', page.after));
    return query.limit(page.limit ?? noLimit).execute();
  });
}

export function getTariff({ store }: Context, tariff: string): Promise<Tariff> {
  return store.transaction(async (tx) => loadTariff(tx, (await findTariff(tx, tariff)).id));
}

function loadTariff(tx: Tx, id: string): Promise<Tariff> {
  return selectTariffs(tx).where('tariffs.id', '=', id).executeTakeFirstOrThrow();
}

function selectTariffs(tx: Tx) {
  return tx.db
    .selectFrom('tariffs')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    .select([
      'tariffs.id',
      'tariffs.name',
      'tariffs.volume_bytes as volumeBytes',
      'tariffs.max_devices as maxDevices',
      'groups.name as group',
      'tariffs.enforcement',
      'tariffs.created_at as createdAt',
    ]);
}
