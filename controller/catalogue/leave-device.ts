import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { restSlot } from './slots.ts';

/** For good; its addresses rest. */
export async function revokeDevice(context: Context, tx: Tx, id: string): Promise<void> {
  await leave(context, tx, id, null);
  await restSlot(context, tx, id);
}

/** Its hardware enrolled again, and is another device now, which gets the slot. */
export function replaceDevice(context: Context, tx: Tx, id: string, by: string): Promise<void> {
  return leave(context, tx, id, by);
}

async function leave({ clock, live, seats }: Context, tx: Tx, id: string, by: string | null): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({
      // The row stays, since its usage stays billed; the keys and the hardware are of no use to anybody.
      public_key: null,
      preshared_key: null,
      hardware_hash: null,
      // It holds no seat any more, and where it held one is nobody's business.
      parked: 0,
      seat_node_id: null,
      replaced_by: by,
      removed_at: clock.now(),
      revision: await tx.revision(),
    })
    .where('id', '=', id)
    .execute();
  tx.afterCommit(() => {
    live.forgetDevice(id);
    seats.forget(id);
  });
}
