import type { Around } from '../ledger/book.ts';
import type { StoredGrant } from './grant-rows.ts';

/** Why a ledger moves, and what is to be done with it beside what always is. */
export interface Turn {
  /** What happened to a row, before anything is decided. */
  readonly change?: (grant: StoredGrant, around: Around) => StoredGrant;
  /** Rows that used something just now. */
  readonly used?: (grant: StoredGrant) => boolean;
  /** Rows whose node has answered a recall just now: what is left is shared anew. */
  readonly answered?: (grant: StoredGrant) => boolean;
  /** Rows whose allowance is to be filled up. */
  readonly renew?: (grant: StoredGrant) => boolean;
  /** A node that is in contact by what is done here, whether its Sync stream stands or not. */
  readonly reporter?: string;
  /** What nodes are told of these subscriptions is another now, also where no total moved. */
  readonly touch?: boolean;
  /** By subscription: a period that is over and of which something is said. */
  readonly earliest?: ReadonlyMap<string, number>;
  /** What nodes hold is to come back, where volume is to be taken of it. */
  readonly reclaim?: boolean;
  /** Volume was added: thresholds that are no longer reached are told again when they are. */
  readonly rearm?: boolean;
  /** It may pass again. */
  readonly resumed?: boolean;
}
