import { looksLikeWireguardKey } from '../../common/wireguard-key.ts';

/** A field of a list's items, and its column. */
interface Order {
  readonly field: string;
  readonly column: string;
}

const byTime = { field: 'createdAt', column: 'created_at' } as const satisfies Order;
const byReference = { field: 'reference', column: 'reference' } as const satisfies Order;
const byLabel = { field: 'label', column: 'label' } as const satisfies Order;
const byId = { field: 'id', column: 'id' } as const satisfies Order;

/** By what each list is ordered, with what is searched for; where that is the same, by id. */
export const orders = {
  accounts: (search?: string) => (search === undefined ? byTime : byReference),
  subscriptions: (search?: string) => (search === undefined ? byTime : byReference),
  devices: (search?: string) => (search === undefined || looksLikeWireguardKey(search) ? byTime : byLabel),
  nodes: () => byTime,
  groups: () => byTime,
  tariffs: () => byTime,
  webhooks: () => byTime,
  // What these have as ids is in order by itself, and no item changes its place.
  api_keys: () => byId,
  audit: () => byId,
  deliveries: () => byId,
  events: () => byId,
} as const satisfies Record<string, (search?: string) => Order>;

export type List = keyof typeof orders;
