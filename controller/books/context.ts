import type { Clock } from '../../common/clock.ts';
import type { Retention } from '../../common/inventory/retention.ts';
import type { Logger } from '../../common/log.ts';
import type { Activity } from '../accounting/activity.ts';
import type { PeriodEnd } from '../accounting/period-end.ts';
import type { AddressRange } from '../catalogue/address-range.ts';
import type { Seller } from '../catalogue/reach.ts';
import type { Live } from '../register/live.ts';
import type { SeatDesk } from '../seats/desk.ts';
import type { Store } from '../store/store.ts';
import type { EnvelopeStore } from '../vault/envelope.ts';
import type { Vault } from '../vault/vault.ts';
import type { Figures } from './figures.ts';
import type { Listeners } from './listeners.ts';

/** Where backups of the database are, and for how long. */
export interface BackupSettings {
  readonly directory: string;
  readonly keepDays: number;
  /** How often one is made by itself; undefined: never. */
  readonly everyHours?: number | undefined;
}

/** The list of what must not come back with a backup (backup/removals.ts), on the disk. */
export interface RemovalKeeper {
  /** Writes it as the books have it now. Where it cannot be written, that is logged, and it is tried again. */
  keep(): Promise<void>;
  /** Whether the last attempt did. */
  isWritten(): boolean;
  /** Names of the backups that were not in their directory then. */
  away(): readonly string[];
  /** In words: what is not covered because it could not be written, or not beside backups that were not in their directory. */
  missing(): string[];
}

/** What every part of the books may use. */
export interface Context {
  readonly store: Store;
  /** Whose budget bounds what is sold by this; undefined: nobody's. */
  readonly seller?: Seller;
  readonly clock: Clock;
  readonly log: Logger;
  readonly range: AddressRange;
  /** Encrypts secrets at rest. */
  readonly vault: Vault;
  readonly envelope: EnvelopeStore;
  readonly validitySeconds: number;
  readonly periodEnd: PeriodEnd;
  readonly retention: Retention;
  readonly backups: BackupSettings;
  readonly removals: RemovalKeeper;
  readonly activity: Activity;
  readonly live: Live;
  readonly seats: SeatDesk;
  readonly figures: Figures;
  /** Of the ids of subscriptions whose ledgers moved. */
  readonly moved: Listeners<[readonly string[]]>;
  /** Some node has erased, or never will. */
  readonly erased: Listeners<[]>;
  /** Of (node id, incarnation): removed, followed by another one, or quarantined. */
  readonly revoked: Listeners<[string, number]>;
}
