import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import type { ApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Booking, DesiredState, IdentityStore, NodeRegister } from '../south/ports.ts';

export interface BooksOptions {
  /** A file, made when missing; `:memory:` for tests. */
  readonly path: string;
  /** The fleet's address range, CIDR. */
  readonly range4: string;
  readonly range6: string;
  readonly validitySeconds: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The controller's books, opened: what north and south are built on. */
export interface Books {
  readonly catalogue: Catalogue;
  readonly apiKeys: ApiKeys;
  readonly desired: DesiredState;
  readonly register: NodeRegister;
  readonly booking: Booking;
  readonly identities: IdentityStore;
  /** Periodic work: recalls grants that lie idle. */
  readonly tasks: readonly Task[];
  /** Figures for /metrics. */
  figures(): BooksFigures;
  close(): Promise<void>;
}

/** Counters since this controller started. */
export interface BooksFigures {
  readonly reportsBooked: number;
  /** Reports that were booked already. */
  readonly reportsRepeated: number;
  readonly bookedBytes: bigint;
  /** Entries of reports that named a device or subscription which that node does not serve. */
  readonly strangeEntries: number;
  readonly grantsIssued: number;
  readonly grantedBytes: bigint;
  readonly recalls: number;
  readonly quarantines: number;
}
