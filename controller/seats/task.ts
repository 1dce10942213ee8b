import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import { chunks } from '../store/chunks.ts';
import type { Noted } from './desk.ts';
import { turnSeats } from './turn.ts';

/** After a failure, such as a full disk. */
const againMs = 1_000;
/** So that one transaction does not hold up all others. */
const atOnce = 100;

/** Decides over seats whenever something changes for them: traffic, devices, nodes, tariffs, time. */
export function seatsTask(context: Context): Task {
  return {
    name: 'seats',
    run: async (signal, ready) => {
      const { clock, seats, store } = context;
      const changes = new Changes(context);
      await changes.start();
      const stop = store.onRevision(() => seats.wake.set());
      ready();
      try {
        while (!signal.aborted) {
          await seats.wake.wait(signal);
          if (signal.aborted) return;
          let noted = seats.take();
          const done = await mayTryAgain(context, 'seats could not be decided', async () => {
            noted = { subscriptionIds: await changes.concerned(noted), nodeIds: new Set() };
            for (const chunk of chunks([...noted.subscriptionIds], atOnce)) await turnSeats(context, chunk);
          });
          if (done) continue;
          seats.putBack(noted);
          await clock.sleep(againMs, signal);
          seats.wake.set();
        }
      } finally {
        stop();
        seats.close();
      }
    },
  };
}

/** Which subscriptions are concerned by what changed. */
class Changes {
  readonly #context: Context;
  /** Up to which all changes of devices were looked at. */
  #revision = 0n;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Whoever had a seat, or was parked, when the controller stopped. */
  async start(): Promise<void> {
    const { store, seats } = this.#context;
    await store.transaction(async (tx) => {
      const fleet = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
      this.#revision = fleet.revision;
      const rows = await tx.db
        .selectFrom('devices')
        .where('removed_at', 'is', null)
        .where((row) => row.or([row('parked', '=', 1), row('seat_node_id', 'is not', null)]))
        .select('subscription_id')
        .execute();
      seats.mark([...new Set(rows.map((row) => row.subscription_id))]);
    });
  }

  async concerned({ subscriptionIds, nodeIds }: Noted): Promise<Set<string>> {
    return this.#context.store.transaction(async (tx) => {
      const fleet = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
      // A device that was added, removed, suspended or sold otherwise.
      const changed = await tx.db
        .selectFrom('devices')
        .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
        .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
        .where('devices.revision', '>', this.#revision)
        .where((row) =>
          row.or([
            row('tariffs.max_connections', 'is not', null),
            row('devices.seat_node_id', 'is not', null),
            row('devices.parked', '=', 1),
          ]),
        )
        .select('devices.subscription_id')
        .execute();
      const seated =
        nodeIds.size === 0
          ? []
          : await tx.db
              .selectFrom('devices')
              .where('seat_node_id', 'in', [...nodeIds])
              .where('removed_at', 'is', null)
              .select('subscription_id')
              .execute();
      this.#revision = fleet.revision;
      return new Set([...subscriptionIds, ...[...changed, ...seated].map((row) => row.subscription_id)]);
    });
  }
}
