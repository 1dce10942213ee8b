import { awaitedNodes } from '../accounting/term.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { keysToRotate } from './api-keys.ts';
import { loadNodes } from './node-view.ts';
import { countFreeSlots } from './slots.ts';
import type { FleetStatus } from './views.ts';

export function getStatus(context: Context): Promise<FleetStatus> {
  const { live, range, store } = context;
  return store.transaction(async (tx) => {
    const fleet = await tx.db.selectFrom('fleet').selectAll().executeTakeFirstOrThrow();
    return {
      revision: fleet.revision,
      enforcement: fleet.enforcement,
      range4: range.range4,
      range6: range.range6,
      ...(await count(tx)),
      connectedDevices: live.connectedDevicesInAll(),
      addressesFree: await countFreeSlots(context, tx),
      heldAt: fleet.held_at,
      awaitedNodes: await awaitedNodes(tx),
      keysToRotate: await keysToRotate(tx),
      nodes: await loadNodes(context, tx),
    };
  });
}

async function count({ db }: Tx): Promise<Pick<FleetStatus, 'accounts' | 'subscriptions' | 'devices'>> {
  const accounts = await db
    .selectFrom('accounts')
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  const subscriptions = await db
    .selectFrom('subscriptions')
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  const devices = await db
    .selectFrom('devices')
    .where('removed_at', 'is', null)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  return {
    accounts: Number(accounts.count),
    subscriptions: Number(subscriptions.count),
    devices: Number(devices.count),
  };
}
