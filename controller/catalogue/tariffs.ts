import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import type { NewTariff, PageFilter } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { findGroup, findTariff } from './find.ts';
import { noLimit } from './paging.ts';
import { seesSubscription } from './reach.ts';
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
    await refuseInUse(tx, id, name);
    const removed = await loadTariff(tx, id);
    await tx.db.deleteFrom('tariffs').where('id', '=', id).execute();
    return removed;
  });
}

/** @throws TurnpikeError `conflict`; a cancelled subscription keeps its tariff, and cannot be moved */
async function refuseInUse(tx: Tx, id: string, name: string): Promise<void> {
  const users = tx.db
    .selectFrom('subscriptions')
    .where((row) => row.or([row('tariff_id', '=', id), row('next_tariff_id', '=', id)]));
  const { count, cancelled } = await users
    .select((row) => [
      row.fn.countAll<bigint>().as('count'),
      row.fn.count<bigint>('cancelled_at').as('cancelled'),
    ])
    .executeTakeFirstOrThrow();
  if (count === 0n) return;
  const movable = await users
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .where('cancelled_at', 'is', null)
    .where('accounts.restricted_at', 'is', null)
    .where(seesSubscription(tx, 'subscriptions.id'))
    .orderBy('subscriptions.created_at')
    .orderBy('subscriptions.id')
    .limit(namedAtMost)
    .select('subscriptions.id')
    .execute();
  const stays = `, of which ${cancelled} ${cancelled === 1n ? 'is' : 'are'} cancelled: the tariff stays as long as ${cancelled === 1n ? 'that one is' : 'those are'} kept`;
  throw new TurnpikeError(
    'conflict',
    `tariff ${name} has ${count} ${count === 1n ? 'subscription' : 'subscriptions'}${cancelled > 0n ? stays : ''}`,
    movable.length === 0
      ? {}
      : {
          remedy: `move with "turnpike subscription change ID --tariff OTHER" those that can be, such as ${movable.map((row) => row.id).join(', ')}`,
        },
  );
}

/** As many ids are named as one line can take. */
const namedAtMost = 5;

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
