import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { parseInstant, parseTimeZone } from '../calendar/time-zone.ts';
import { insertAccount } from '../catalogue/accounts.ts';
import { changeTariff } from '../catalogue/change-tariff.ts';
import { findByReference, findSubscription, findTariff, seekAccount } from '../catalogue/find.ts';
import { insertSubscription } from '../catalogue/insert-subscription.ts';
import { refuseRestrictedAccount } from '../catalogue/restricted.ts';
import { setSubscription } from '../catalogue/subscription-times.ts';
import { resume, suspend } from '../catalogue/subscriptions.ts';
import { parseReference } from '../catalogue/words.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { SubscriptionLine } from './line.ts';
import type { Difference, Outcome } from './result.ts';

export interface Compared {
  /** Id of the one that is meant; undefined: there is none yet. */
  readonly id: string | undefined;
  readonly differences: readonly Difference[];
}

/** @throws TurnpikeError for a line that cannot be meant */
export async function compareSubscription(tx: Tx, line: SubscriptionLine): Promise<Compared> {
  const tariff = await findTariff(tx, line.tariff);
  const known = await findKnown(tx, line);
  if (known === undefined) {
    const owner = await seekAccount(tx, line.account);
    if (owner !== undefined) await refuseRestrictedAccount(tx, owner.id);
    return { id: undefined, differences: [] };
  }
  await refuseRestrictedAccount(tx, known.account_id);
  const account = await tx.db
    .selectFrom('accounts')
    .where('id', '=', known.account_id)
    .select(['id', 'reference'])
    .executeTakeFirstOrThrow();
  const has = known.tariff_id === tariff.id ? tariff : await findTariff(tx, known.tariff_id);
  return {
    id: known.id,
    differences: [
      ...differ('reference', line.reference ?? undefined, known.reference),
      ...differ('tariff', tariff.name, has.name),
      ...compareTold(line, known, account),
    ],
  };
}

/** All but reference and tariff. */
export function compareTold(
  line: SubscriptionLine,
  known: Row<'subscriptions'>,
  account: Pick<Row<'accounts'>, 'id' | 'reference'>,
): Difference[] {
  const sameAccount = [account.id, account.reference].includes(line.account);
  return [
    ...differ('account', sameAccount ? undefined : line.account, account.reference),
    ...compareTimes(line, known),
    ...compareSuspension(line, known),
  ];
}

/** Gives the id beside what was done. */
export async function upsertSubscription(
  context: Context,
  tx: Tx,
  line: SubscriptionLine,
): Promise<Compared & { readonly id: string; readonly outcome: Outcome }> {
  const { id, differences } = await compareSubscription(tx, line);
  if (id === undefined) return { id: await create(context, tx, line), differences, outcome: 'created' };
  if (differences.length === 0) return { id, differences, outcome: 'unchanged' };
  await refuseCancelled(tx, id);
  await mend(context, id, line, new Set(differences.map(({ field }) => field)));
  return { id, differences, outcome: 'changed' };
}

async function findKnown(
  tx: Tx,
  { reference, id }: SubscriptionLine,
): Promise<Row<'subscriptions'> | undefined> {
  const known = reference === null ? undefined : await findByReference(tx, parseReference(reference));
  if (known !== undefined) {
    if (id === undefined || id === known.id) return known;
    throw new TurnpikeError('conflict', `the reference "${reference}" is of ${known.id}, and not of ${id}`, {
      field: 'id',
      remedy: 'leave the id out, or give the one that belongs to the reference',
    });
  }
  if (id !== undefined) return findSubscription(tx, id);
  if (reference !== null) return undefined;
  throw new TurnpikeError('invalid', 'reference: without one it is not known again', {
    field: 'reference',
    remedy: "give the billing system's own, or the id of a subscription that is there",
  });
}

async function create(context: Context, tx: Tx, line: SubscriptionLine): Promise<string> {
  const tariff = await findTariff(tx, line.tariff);
  const account = await findOrAddAccount(context, tx, line.account);
  return insertSubscription(context, tx, account, tariff, {
    ...wishOf(line),
    ...(line.reference !== null && { reference: line.reference }),
  });
}

/** All but the reference. */
export function wishOf({ timeZone, starts, expires, suspended }: SubscriptionLine) {
  return {
    ...(timeZone !== undefined && { timeZone }),
    ...(starts !== undefined && { starts }),
    ...(expires !== undefined && { expires }),
    ...(suspended !== undefined && { suspended }),
  };
}

async function findOrAddAccount({ clock }: Context, tx: Tx, name: string): Promise<string> {
  const known = await seekAccount(tx, name);
  return known?.id ?? (await insertAccount(tx, { reference: parseReference(name) }, clock.now()));
}

async function mend(
  context: Context,
  id: string,
  line: SubscriptionLine,
  fields: ReadonlySet<Difference['field']>,
): Promise<void> {
  if (fields.has('account')) refuseOtherAccount(id);
  const { reference, timeZone, starts, expires, suspended } = line;
  const settings = {
    ...(fields.has('reference') && reference !== null && { reference }),
    ...(fields.has('timeZone') && timeZone !== undefined && { timeZone }),
    ...(fields.has('starts') && starts !== undefined && { starts }),
    ...(fields.has('expires') && expires !== undefined && { expires }),
  };
  if (Object.keys(settings).length > 0) await setSubscription(context, id, settings);
  if (fields.has('tariff')) await changeTariff(context, id, { tariff: line.tariff });
  if (!fields.has('suspended')) return;
  if (suspended == null) await resume(context, id);
  else await suspend(context, id, { reason: suspended });
}

export function refuseOtherAccount(subscription: string): never {
  throw new TurnpikeError('conflict', `account: ${subscription} is of another account, and stays so`, {
    field: 'account',
    remedy: 'cancel it, and list the new one under another reference',
  });
}

async function refuseCancelled(tx: Tx, id: string): Promise<void> {
  const { cancelled_at } = await findSubscription(tx, id);
  if (cancelled_at === null) return;
  throw new TurnpikeError('conflict', `subscription ${id} was cancelled`, {
    remedy: 'leave it out, or list another one under a reference of its own',
  });
}

function compareTimes(line: SubscriptionLine, known: Row<'subscriptions'>): Difference[] {
  const { timeZone, starts, expires } = line;
  const zone = timeZone === undefined ? known.time_zone : parseTimeZone(timeZone);
  const begins = known.starts === 'date' ? iso(known.starts_at) : known.starts;
  return [
    ...differ('timeZone', timeZone && zone, known.time_zone),
    // One that is there has begun to its own "now".
    ...(starts === undefined || starts === 'now'
      ? []
      : differ('starts', isWord(starts) ? starts : iso(parseInstant('starts', starts, zone)), begins)),
    ...(expires === undefined
      ? []
      : differ(
          'expires',
          expires === null ? null : iso(parseInstant('expires', expires, zone)),
          iso(known.expires_at),
        )),
  ];
}

function compareSuspension({ suspended }: SubscriptionLine, known: Row<'subscriptions'>): Difference[] {
  if (suspended === undefined || (suspended === null) === (known.suspended_at === null)) return [];
  return differ('suspended', suspended, known.suspension_reason);
}

/** Of what a list does not say it has no opinion. */
function differ(
  field: Difference['field'],
  listed: string | null | undefined,
  found: string | null,
): Difference[] {
  return listed === undefined || listed === found ? [] : [{ field, listed, found }];
}

function isWord(starts: string): boolean {
  return starts === 'now' || starts === 'first-connection';
}

function iso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}
