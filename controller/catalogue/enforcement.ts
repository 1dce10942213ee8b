import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { touchDevices, touchSubscriptions } from '../desired/touch.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { effectiveEnforcement, loadFleetEnforcement } from './effective-enforcement.ts';
import { findGroup, findTariff } from './find.ts';
import type { Enforcement, EnforcementChoice } from './views.ts';

export function setEnforcement(
  context: Context,
  input: { enforcement: EnforcementChoice; group?: string; tariff?: string },
): Promise<void> {
  const { enforcement, group, tariff } = input;
  if (group !== undefined && tariff !== undefined) {
    throw new TurnpikeError(
      'invalid',
      'enforcement is set for a group or for a tariff, not for both at once',
    );
  }
  return context.store.transaction(async (tx) => {
    if (group !== undefined) {
      return changeEnforcement(context, tx, { enforcement, groupId: (await findGroup(tx, group)).id });
    }
    if (tariff !== undefined) {
      return changeEnforcement(context, tx, { enforcement, tariffId: (await findTariff(tx, tariff)).id });
    }
    if (enforcement === 'inherit') {
      throw new TurnpikeError('invalid', 'the fleet has nothing to inherit from', {
        remedy: 'choose observe or enforce',
      });
    }
    return changeEnforcement(context, tx, { enforcement });
  });
}

type Change =
  | { enforcement: EnforcementChoice; groupId: string }
  | { enforcement: EnforcementChoice; tariffId: string }
  | { enforcement: Enforcement };

/** Sets one switch, and tells nodes of all that is enforced otherwise now. */
export async function changeEnforcement(context: Context, tx: Tx, change: Change): Promise<void> {
  const before = await loadEffective(tx);
  const { enforcement } = change;
  if ('groupId' in change) {
    await tx.db.updateTable('groups').set({ enforcement }).where('id', '=', change.groupId).execute();
  } else if ('tariffId' in change) {
    await tx.db.updateTable('tariffs').set({ enforcement }).where('id', '=', change.tariffId).execute();
  } else {
    await tx.db.updateTable('fleet').set({ enforcement: change.enforcement }).execute();
  }
  const after = await loadEffective(tx);
  const tariffs = [...after].filter(([id, now]) => before.get(id) !== now).map(([id]) => id);
  for (const chunk of chunks(tariffs)) await tellNodes(context, tx, chunk);
}

/** By tariff. */
async function loadEffective(tx: Tx): Promise<Map<string, Enforcement>> {
  const fleet = await loadFleetEnforcement(tx);
  const rows = await tx.db
    .selectFrom('tariffs')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    .select(['tariffs.id', 'tariffs.enforcement', 'groups.enforcement as group'])
    .execute();
  return new Map(rows.map((row) => [row.id, effectiveEnforcement(row.enforcement, row.group, fleet)]));
}

/** In observe, none of the tariff's limits is in force: speed and seats neither. */
async function tellNodes(context: Context, tx: Tx, tariffIds: string[]): Promise<void> {
  const subscriptions = await tx.db
    .selectFrom('subscriptions')
    .where('tariff_id', 'in', tariffIds)
    .select('id')
    .execute();
  const ids = subscriptions.map(({ id }) => id);
  await touchDevices(tx, ids);
  await touchSubscriptions(context, tx, ids);
}
