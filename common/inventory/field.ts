/**
 * What is stored of whom, and for how long. Whoever adds a column or a file says so beside it; types and tests fail
 * when one is missing.
 */
export const categories = {
  fleet: { holds: "the operator's own settings, keys and offers", kept: 'as long as the fleet' },
  access: { holds: 'API keys and webhooks of the operator', kept: 'until they are removed' },
  node: { holds: 'VPN servers and their identities', kept: 'as long as the fleet' },
  account: { holds: 'that there is a customer, by an opaque reference', kept: 'until it is erased' },
  subscription: { holds: 'what was sold to a customer', kept: 'until the account is erased' },
  device: {
    holds: 'devices of a customer: keys, tunnel addresses, label',
    kept: 'keys until the device is removed, the rest until the account is erased',
  },
  hardware: { holds: 'hardware ids, as keyed hashes', kept: 'until the device is removed' },
  usage: { holds: 'how many bytes passed', kept: 'until the account is erased' },
  'daily-usage': { holds: 'how many bytes a subscription used on each day and node', days: 90 },
  'last-connection': { holds: 'the day on which a device was connected last', days: 365 },
  event: { holds: 'what billing backends were told, and whether they took it', days: 30 },
  idempotency: { holds: 'answers to changes, encrypted so that only the caller can read them', days: 1 },
  erasure: {
    holds: 'that a customer was erased, not who; ids of subscriptions until all nodes have erased them',
    kept: 'as long as the fleet',
  },
  audit: { holds: 'what operators and backends did', days: 365 },
} as const satisfies Record<string, Category>;

/** Kept until something happens, or for so many days: those go by themselves. */
type Category = { readonly holds: string } & ({ readonly kept: string } | { readonly days: number });

export type CategoryName = keyof typeof categories;

/** One stored field. */
export interface Field {
  readonly category: CategoryName;
  readonly purpose: string;
  /** Of a field that holds a time: how fine it is. */
  readonly time?: 'day' | 'exact';
  /** Encrypted at rest. */
  readonly encrypted?: true;
}

/** The fields of one table, by column. */
export type Fields<Column extends string = string> = Readonly<Record<Column, Field>>;

export function kept(category: CategoryName) {
  const field =
    (time?: 'day' | 'exact') =>
    (purpose: string): Field => ({ category, purpose, ...(time && { time }) });
  const secret = (purpose: string): Field => ({ category, purpose, encrypted: true });
  return { field: field(), day: field('day'), exact: field('exact'), secret };
}
