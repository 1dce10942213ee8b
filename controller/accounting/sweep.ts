import { allowancePerDevice } from '../../common/allowance.ts';
import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import { grantPolicy } from '../ledger/policy.ts';
import { sweepPeriods } from './period-sweep.ts';
import { turnLedger } from './turn.ts';

/** A period begins at most so late here; nodes turn by themselves. */
const periodsEveryMs = 1_000;
/** A node that starves waits for it at most so long. */
const grantsEveryMs = 5_000;
/** Idle grants are not in a hurry. */
const idleEvery = 12;

/** Looks after subscriptions in whose ledger nothing happens by itself. */
export function sweepTasks(context: Context): Task[] {
  return [
    repeated(context, 'period sweep', periodsEveryMs, () => sweepPeriods(context)),
    repeated(context, 'grant sweep', grantsEveryMs, async (round) => {
      await sweepWanting(context);
      await sweepTaking(context);
      if (round % idleEvery === 0) await sweepIdle(context);
    }),
  ];
}

function repeated(
  context: Context,
  name: string,
  everyMs: number,
  work: (round: number) => Promise<void>,
): Task {
  return {
    name,
    run: async (signal, ready) => {
      ready();
      for (let round = 1; !signal.aborted; round++) {
        await context.clock.sleep(everyMs, signal);
        if (signal.aborted) return;
        await mayTryAgain(context, `the ${name} failed`, () => work(round));
      }
    },
  };
}

/** Grants what is wanted still, and recalls for those that starve. */
export async function sweepWanting(context: Context): Promise<void> {
  await context.store.transaction(async (tx) => {
    const rows = await tx.db
      .selectFrom('grants')
      .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
      .where('wanting', '=', 1)
      .whereRef('grants.period', '=', 'subscriptions.period')
      .select('subscription_id')
      .distinct()
      .execute();
    await turnLedger(
      context,
      tx,
      rows.map((row) => row.subscription_id),
    );
  });
}

/** Recalls again what volume is to be taken of. */
async function sweepTaking(context: Context): Promise<void> {
  await context.store.transaction(async (tx) => {
    const refunds = await tx.db
      .selectFrom('adjustments')
      .where('pending', '=', 1)
      .select('subscription_id')
      .execute();
    const reductions = await tx.db
      .selectFrom('periods')
      .where('reduction', '>', 0n)
      .select('subscription_id')
      .execute();
    await turnLedger(context, tx, [
      ...new Set([...refunds, ...reductions].map((row) => row.subscription_id)),
    ]);
  });
}

/** Recalls what has lain idle for the holding time. */
export async function sweepIdle(context: Context): Promise<void> {
  const { activity, store } = context;
  await store.transaction(async (tx) => {
    const rows = await tx.db
      .selectFrom('grants')
      .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
      .whereRef('grants.period', '=', 'subscriptions.period')
      .where('ended', '=', 0)
      .where('recall_answered', '=', (row) => row.ref('recall'))
      .select((row) => [
        'subscription_id',
        'node_id',
        'granted',
        'used',
        'written_off',
        'released',
        'allowance',
        row
          .selectFrom('devices')
          .whereRef('devices.subscription_id', '=', 'grants.subscription_id')
          .where('devices.removed_at', 'is', null)
          .select((device) => device.fn.countAll<bigint>().as('count'))
          .as('devices'),
      ])
      .execute();
    const due = rows.filter((row) => {
      const outstanding = row.granted - row.used - row.written_off - row.released;
      const kept = row.allowance === 1 ? (row.devices ?? 0n) * allowancePerDevice : 0n;
      return (
        outstanding > kept && activity.sinceUseMs(row.subscription_id, row.node_id) >= grantPolicy.holdingMs
      );
    });
    await turnLedger(context, tx, [...new Set(due.map((row) => row.subscription_id))]);
  });
  activity.forget(2 * grantPolicy.holdingMs);
}
