import type { Context } from '../books/context.ts';

const keptMs = 30 * 24 * 3600_000;

/** The log of deliveries is kept as long as events are, and so is what a disabled endpoint has not got. */
export async function forgetDeliveries({ store, clock }: Context): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .deleteFrom('deliveries')
      .where('created_at', '<', clock.now() - keptMs)
      .where((row) =>
        row.or([
          row('state', 'in', ['delivered', 'failed']),
          row.not(row.exists(row.selectFrom('events').whereRef('events.id', '=', 'event_id').select('id'))),
        ]),
      )
      .execute();
  });
}
