import { Wake } from '../../common/wake.ts';
import type { Context } from '../books/context.ts';
import { type Event, type EventFilter, listEvents } from './list.ts';

const batch = 100;

/** Events as they happen, after `filter.after` or from now on, until `signal` aborts; none is left out. */
export async function* followEvents(
  context: Context,
  filter: Omit<EventFilter, 'limit'>,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const wake = new Wake();
  const stop = context.store.onEvent(() => wake.set());
  try {
    let after = filter.after ?? (await newestEvent(context));
    while (!signal.aborted) {
      const events = await listEvents(context, { ...filter, after, limit: batch });
      for (const event of events) {
        yield event;
        after = event.id;
      }
      if (events.length < batch) await wake.wait(signal);
    }
  } finally {
    stop();
  }
}

function newestEvent({ store }: Context): Promise<string> {
  return store.transaction(async ({ db }) => {
    const newest = await db
      .selectFrom('events')
      .select('id')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return String(newest?.id ?? 0);
  });
}
