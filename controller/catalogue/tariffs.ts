import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import type { NewTariff, PageFilter } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { findGroup, findTariff } from './find.ts';
import { noLimit } from './paging.ts';
import { checkTariff, tariffDefaults, toTariffLimits, toTariffRow } from './tariff-settings.ts';
import type { Tariff } from './views.ts';
import { parseName } from './words.ts';

export function addTariff({ store, clock }: Context, input: NewTariff): Promise<Tariff> {
  const name = parseName('tariff', input.name);
  const { group = 'default', enforcement = 'inherit', ...settings } = input;
  const limits = { ...tariffDefaults, ...settings };
  checkTariff(limits);
  return store.transaction(async (tx) => {
    const known = await tx.db.selectFrom('tariffs').where('name', '=', name).select('id').executeTakeFirst();
    if (known) throw new TurnpikeError('conflict', `there is a tariff "${name}" already: ${known.id}`);
    const { id: groupId } = await findGroup(tx, group);
    const id = newId('tar');
    await tx.db
      .insertInto('tariffs')
      .values({ id, name, ...toTariffRow(limits), group_id: groupId, enforcement, created_at: clock.now() })
      .execute();
    return loadTariff(tx, id);
  });
}

export function listTariffs({ store }: Context, page: PageFilter = {}): Promise<Tariff[]> {
  return store.transaction(async (tx) => {
    let query = selectTariffs(tx).orderBy('tariffs.created_at').orderBy('tariffs.id');
    if (page.after !== undefined) query = query.where(afterCursor('tariffs', page.after));
    return (await query.limit(page.limit ?? noLimit).execute()).map(toTariff);
  });
}

export function getTariff({ store }: Context, tariff: string): Promise<Tariff> {
  return store.transaction(async (tx) => loadTariff(tx, (await findTariff(tx, tariff)).id));
}

export function removeTariff({ store }: Context, tariff: string): Promise<Tariff> {
  return store.transaction(async (tx) => {
    const { id, name } = await findTariff(tx, tariff);
    const { count } = await tx.db
      .selectFrom('subscriptions')
      .where((row) => row.or([row('tariff_id', '=', id), row('next_tariff_id', '=', id)]))
      .select((row) => row.fn.countAll<bigint>().as('count'))
      .executeTakeFirstOrThrow();
    if (count > 0n) {
      throw new TurnpikeError(
        'conflict',
        `tariff ${name} has ${count} subscriptions, also counting ended ones`,
        {
          remedy: 'move them with "turnpike subscription change ID --tariff OTHER"',
        },
      );
    }
    const removed = await loadTariff(tx, id);
    await tx.db.deleteFrom('tariffs').where('id', '=', id).execute();
    return removed;
  });
}

export async function loadTariff(tx: Tx, id: string): Promise<Tariff> {
  return toTariff(await selectTariffs(tx).where('tariffs.id', '=', id).executeTakeFirstOrThrow());
}

function selectTariffs(tx: Tx) {
  return tx.db
    .selectFrom('tariffs')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    .selectAll('tariffs')
    .select('groups.name as group');
}

function toTariff(
  row: Awaited<ReturnType<ReturnType<typeof selectTariffs>['executeTakeFirstOrThrow']>>,
): Tariff {
  return {
    id: row.id,
    name: row.name,
    ...toTariffLimits(row),
    group: row.group,
    enforcement: row.enforcement,
    createdAt: row.created_at,
  };
}
