import type { PinKeeper } from '../identity/open-authority.ts';
import type { Store } from '../store/store.ts';

/** In the fleet's row, so that books and CA are known to belong together. */
export function createPinKeeper(store: Store): PinKeeper {
  return {
    known: () =>
      store.transaction(async ({ db }) => {
        const fleet = await db.selectFrom('fleet').select('ca_pin').executeTakeFirstOrThrow();
        return fleet.ca_pin;
      }),
    settle: (pin) =>
      store.transaction(async ({ db }) => {
        await db.updateTable('fleet').set({ ca_pin: pin }).execute();
      }),
  };
}
