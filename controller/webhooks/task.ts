import { sql } from 'kysely';
import type { Task } from '../../common/task.ts';
import { Wake } from '../../common/wake.ts';
import type { Context } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import { toEvent } from '../events/list.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { fanOut, loadEnabled } from './fan-out.ts';
import { forgetDeliveries } from './forget.ts';
import { writeMessage } from './message.ts';
import { type Attempt, noteAttempts } from './outcome.ts';
import type { Post } from './post.ts';
import { secretsInForce } from './secrets.ts';

/** At one endpoint; what is more waits for its turn. */
const atOnce = 16;
const lookEveryMs = 60_000;
const forgetEveryMs = 3600_000;

interface Due {
  readonly delivery: Row<'deliveries'>;
  readonly webhook: Row<'webhooks'>;
  readonly event: Row<'events'> | undefined;
}

/** Sends events to the endpoints that want them: in order for each subscription, at least once. */
export function webhookTask(context: Context, post: Post): Task {
  return {
    name: 'webhooks',
    run: async (signal, ready) => {
      const wake = new Wake();
      const stop = context.store.onEvent(() => wake.set());
      const inFlight = new Map<number, Promise<void>>();
      const noted: Attempt[] = [];
      let forgetAt = 0;
      ready();
      while (!signal.aborted) {
        let again = context.clock.now() + lookEveryMs;
        await mayTryAgain(context, 'webhooks could not be looked after', async () => {
          const attempts = noted.splice(0);
          // Also where they cannot be noted: they are made again then.
          for (const { delivery } of attempts) inFlight.delete(delivery.id);
          await noteAttempts(context, attempts);
          if (context.clock.now() >= forgetAt) {
            await forgetDeliveries(context);
            forgetAt = context.clock.now() + forgetEveryMs;
          }
          await fanOut(context);
          const { due, nextAt } = await findDue(context, inFlight);
          if (nextAt !== undefined) again = Math.min(again, nextAt);
          for (const one of due) {
            const attempt = send(context, post, one, signal).then((result) => {
              noted.push(result);
              wake.set();
            });
            inFlight.set(one.delivery.id, attempt);
          }
        });
        const timer = context.clock.after(Math.max(0, again - context.clock.now()), () => wake.set());
        await wake.wait(signal);
        timer.cancel();
      }
      stop();
      await Promise.all(inFlight.values());
      await mayTryAgain(context, 'deliveries could not be noted', () =>
        noteAttempts(context, delivered(noted)),
      );
    },
  };
}

/** What was cut short by the end of the controller was no failure of the endpoint. */
function delivered(attempts: readonly Attempt[]): Attempt[] {
  return attempts.filter(({ result }) => result.error === undefined);
}

function findDue(
  { store, clock }: Context,
  inFlight: ReadonlyMap<number, unknown>,
): Promise<{ due: Due[]; nextAt: number | undefined }> {
  return store.transaction(async (tx) => {
    const now = clock.now();
    const due: Due[] = [];
    let nextAt: number | undefined;
    for (const webhook of await loadEnabled(tx)) {
      const first = await tx.db
        .selectFrom('deliveries')
        .where('webhook_id', '=', webhook.id)
        .where('state', '=', sql.lit('due' as const))
        .orderBy('next_at')
        .orderBy('id')
        .limit(2 * atOnce)
        .selectAll()
        .execute();
      const busy = first.filter(({ id }) => inFlight.has(id)).length;
      const waiting = first.filter(({ id }) => !inFlight.has(id));
      const later = waiting.find(({ next_at }) => next_at > now);
      if (later !== undefined) nextAt = Math.min(nextAt ?? later.next_at, later.next_at);
      const ready = waiting.filter(({ next_at }) => next_at <= now).slice(0, Math.max(0, atOnce - busy));
      for (const delivery of ready) due.push({ delivery, webhook, event: await loadEvent(tx, delivery) });
    }
    return { due, nextAt };
  });
}

function loadEvent(tx: Tx, { event_id }: Row<'deliveries'>): Promise<Row<'events'> | undefined> {
  return tx.db.selectFrom('events').where('id', '=', event_id).selectAll().executeTakeFirst();
}

async function send(
  { clock, vault }: Context,
  post: Post,
  { delivery, webhook, event }: Due,
  signal: AbortSignal,
): Promise<Attempt> {
  if (event === undefined) {
    const result = { status: undefined, error: 'the event is no longer kept', retryAfterMs: undefined };
    return { delivery, result };
  }
  const now = clock.now();
  const { headers, body } = writeMessage(toEvent(event), secretsInForce(vault, webhook, now), now);
  return { delivery, result: await post(new URL(webhook.url), headers, body, signal) };
}
