import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { type Retention, settableDays } from '../../common/inventory/retention.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import { Activity } from '../accounting/activity.ts';
import { createBooking } from '../accounting/booking.ts';
import { byCalendar, type PeriodEnd } from '../accounting/period-end.ts';
import { sweepTasks } from '../accounting/sweep.ts';
import { awaitedNodes, beginTerm } from '../accounting/term.ts';
import { addVoucherKey } from '../accounting/voucher.ts';
import { type Audit, createAudit } from '../audit/audit.ts';
import { auditTask } from '../audit/task.ts';
import { type Backups, createBackups, type ReadFiles } from '../backup/backups.ts';
import { noteBackups } from '../backup/known.ts';
import { createRemovalKeeper } from '../backup/removal-keeper.ts';
import type { Removals } from '../backup/removals.ts';
import { type RemovedAgain, removeAgain } from '../backup/remove-again.ts';
import { backupTask } from '../backup/task.ts';
import { type AddressRange, parseAddressRange } from '../catalogue/address-range.ts';
import { type ApiKeys, createApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { createCatalogue } from '../catalogue/create-catalogue.ts';
import { addDefaultGroup } from '../catalogue/groups.ts';
import { createDesiredState } from '../desired/desired-state.ts';
import { createPinKeeper } from '../enrolment/authority-pin.ts';
import { createIdentityStore } from '../enrolment/identity-store.ts';
import { eventTask } from '../events/watch.ts';
import { beginHold } from '../hold/hold.ts';
import { type Changes, createChanges } from '../idempotency/changes.ts';
import { idempotencyTask } from '../idempotency/forget.ts';
import type { PinKeeper } from '../identity/open-authorities.ts';
import { lifetimeTask } from '../lifetime/sweep.ts';
import { erasureTask } from '../privacy/erasure-task.ts';
import { createPrivacy, type Privacy } from '../privacy/privacy.ts';
import { addReceiptKey } from '../privacy/receipt-key.ts';
import { retentionTask } from '../privacy/retention.ts';
import { Live } from '../register/live.ts';
import { createNodeRegister } from '../register/node-register.ts';
import { SeatDesk } from '../seats/desk.ts';
import { seatsTask } from '../seats/task.ts';
import type { Booking, DesiredState, IdentityStore, NodeRegister } from '../south/ports.ts';
import { openStore, type Tx } from '../store/store.ts';
import { openVault } from '../vault/data-keys.ts';
import type { EnvelopeStore } from '../vault/envelope.ts';
import { createKeys, type Keys } from '../vault/keys.ts';
import type { Vault } from '../vault/vault.ts';
import { createPost } from '../webhooks/post.ts';
import { webhookTask } from '../webhooks/task.ts';
import { createWebhooks, type Webhooks } from '../webhooks/webhooks.ts';
import type { BackupSettings, Context } from './context.ts';
import { type BooksFigures, newFigures } from './figures.ts';
import { Listeners } from './listeners.ts';
import { findNewestTime } from './newest-time.ts';

export type { BooksFigures } from './figures.ts';

export interface BooksOptions {
  /** A file, made when missing; `:memory:` for tests. */
  readonly path: string;
  /** The fleet's address range, CIDR. */
  readonly range4: string;
  readonly range6: string;
  readonly validitySeconds: number;
  /** Under which the keys of secrets are; made with the first books. */
  readonly envelope: EnvelopeStore;
  /** As in the inventory, unless given. */
  readonly retention?: Retention;
  readonly backups: BackupSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** By the calendar, unless given. */
  readonly periodEnd?: PeriodEnd;
}

/** The controller's books, opened: what north and south are built on. */
export interface Books {
  readonly catalogue: Catalogue;
  readonly apiKeys: ApiKeys;
  readonly changes: Changes;
  readonly webhooks: Webhooks;
  readonly audit: Audit;
  readonly privacy: Privacy;
  readonly desired: DesiredState;
  readonly register: NodeRegister;
  readonly booking: Booking;
  readonly identities: IdentityStore;
  /** The database was restored from a backup (accounting/term.ts). */
  beginTerm(): Promise<readonly string[]>;
  /** Names of the nodes that must tell their totals before anything is granted. */
  awaited(): Promise<readonly string[]>;
  /** After a restore: takes away again what was taken away since the backup. */
  removeAgain(removals: Removals): Promise<RemovedAgain>;
  readonly authorityPins: PinKeeper;
  /** Encrypts what lies beside the database, too. */
  readonly vault: Vault;
  readonly keys: Keys;
  readonly backups: Backups;
  /** Looks after backups. */
  backupTask(files: ReadFiles): Task;
  /** What goes on by itself: begins periods, recalls idle grants, gives and takes seats, notes lost nodes, forgets old events. */
  readonly tasks: readonly Task[];
  /** The latest time at which something happened, milliseconds since 1970; null: nothing has. */
  newestAt(): Promise<number | null>;
  /** A backup that was made, wherever it is. */
  noteBackup(createdAt: number): Promise<void>;
  /** Figures for /metrics. */
  figures(): BooksFigures;
  close(): Promise<void>;
}

/**
 * Opens the books, and makes them where there are none.
 * @throws TurnpikeError `invalid` for an address range that does not fit the devices that are there, `environment` or
 * `conflict` when the database cannot be used.
 */
export async function openBooks(options: BooksOptions): Promise<Books> {
  const range = parseAddressRange(options.range4, options.range6);
  const { clock, log, validitySeconds, envelope } = options;
  const store = await openStore(options.path);
  let awaited: readonly string[];
  let vault: Vault;
  try {
    [vault, awaited] = await store.transaction(async (tx) => {
      const vault = await openVault(tx, envelope, clock.now());
      await addDefaultGroup(tx, clock.now());
      await addVoucherKey(tx, vault);
      await addReceiptKey(tx, vault);
      await settleRange(tx, range);
      return [vault, await awaitedNodes(tx)] as const;
    });
  } catch (error) {
    await store.close();
    throw error;
  }
  if (awaited.length > 0)
    log.warn({ awaited }, 'nothing is granted before these nodes have told what passed');
  const context: Context = {
    store,
    clock,
    log,
    range,
    validitySeconds,
    periodEnd: options.periodEnd ?? byCalendar,
    retention: options.retention ?? settableDays,
    backups: options.backups,
    removals: createRemovalKeeper({ store, clock, log, envelope, backups: options.backups }),
    vault,
    envelope,
    activity: new Activity(clock),
    live: new Live(clock),
    seats: new SeatDesk(clock),
    figures: newFigures(),
    moved: new Listeners(),
    erased: new Listeners(),
    revoked: new Listeners(),
  };
  const audit = createAudit(context);
  const backups = createBackups(context);
  return {
    catalogue: createCatalogue(context),
    apiKeys: createApiKeys(context),
    changes: createChanges(context),
    webhooks: createWebhooks(context),
    audit,
    privacy: createPrivacy(context),
    desired: createDesiredState(context),
    register: createNodeRegister(context),
    booking: createBooking(context),
    identities: createIdentityStore(context),
    beginTerm: () =>
      store.transaction(async (tx) => {
        const awaited = await beginTerm(tx);
        await beginHold(context, tx);
        return awaited;
      }),
    awaited: () => store.transaction(awaitedNodes),
    removeAgain: (removals) => removeAgain(context, removals),
    authorityPins: createPinKeeper(store),
    vault,
    keys: createKeys(context),
    backups,
    backupTask: (files) => backupTask(context, backups, files),
    tasks: [
      ...sweepTasks(context),
      ...[seatsTask(context), eventTask(context), lifetimeTask(context), idempotencyTask(context)],
      ...[webhookTask(context, createPost(clock)), auditTask(context, audit), retentionTask(context)],
      erasureTask(context),
    ],
    newestAt: () => findNewestTime(store),
    noteBackup: (createdAt) => store.transaction((tx) => noteBackups(tx, [{ createdAt }])),
    figures: () => structuredClone(context.figures),
    close: () => store.close(),
  };
}

/** Addresses are in customers' configurations: the range may grow, but no device's address may change. */
async function settleRange(tx: Tx, range: AddressRange): Promise<void> {
  const before = await tx.db.selectFrom('fleet').select(['range4', 'range6']).executeTakeFirstOrThrow();
  if (before.range4 === range.range4 && before.range6 === range.range6) return;
  if (before.range4 !== null && before.range6 !== null) {
    const last = await tx.db
      .selectFrom('slots')
      .orderBy('slot', 'desc')
      .select('slot')
      .limit(1)
      .executeTakeFirst();
    const old = parseAddressRange(before.range4, before.range6).at(last?.slot ?? 0);
    const now = range.at(last?.slot ?? 0);
    const moved = old.address4 !== now.address4 || old.address6 !== now.address6;
    if (last !== undefined && (moved || last.slot > range.lastSlot)) {
      throw new TurnpikeError(
        'invalid',
        `fleet.range4 ${range.range4} and range6 ${range.range6} would change the addresses of devices, which come from ${before.range4} and ${before.range6}`,
        { remedy: 'keep the first address, and a prefix that is short enough for all of them' },
      );
    }
  }
  await tx.revision();
  await tx.db.updateTable('fleet').set({ range4: range.range4, range6: range.range6 }).execute();
}
