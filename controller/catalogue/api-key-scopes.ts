/** What a key may do. Each holds what stands beside it too. */
const holds = {
  /** Look at everything but keys and webhooks. */
  read: [],
  /** Suspend, resume, rekey, make configurations, top up within the key's budget. */
  support: ['read'],
  /** Accounts, subscriptions, devices, adjustments. */
  subscriptions: ['read', 'support'],
  /** Nodes and groups. */
  nodes: ['read'],
  /** All, also tariffs, enforcement, webhooks and keys. */
  admin: ['read', 'support', 'subscriptions', 'nodes'],
} as const satisfies Record<string, readonly string[]>;

export type Scope = keyof typeof holds;

export const scopes = Object.keys(holds) as Scope[];

export function covers(granted: readonly Scope[], needed: Scope): boolean {
  return granted.some((scope) => scope === needed || (holds[scope] as readonly Scope[]).includes(needed));
}
