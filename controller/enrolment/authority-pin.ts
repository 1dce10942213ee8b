import type { PinKeeper } from '../identity/open-authorities.ts';
import type { Store } from '../store/store.ts';

/** In the fleet's row, so that books and CAs are known to belong together. */
export function createPinKeeper(store: Store): PinKeeper {
  return {
    known: () =>
      store.transaction(async ({ db }) => {
        const fleet = await db
          .selectFrom('fleet')
          .select(['ca_pin', 'next_ca_pin'])
          .executeTakeFirstOrThrow();
        return { serving: fleet.ca_pin, next: fleet.next_ca_pin };
      }),
    settle: ({ serving, next }) =>
      store.transaction(async ({ db }) => {
        await db.updateTable('fleet').set({ ca_pin: serving, next_ca_pin: next }).execute();
      }),
  };
}
