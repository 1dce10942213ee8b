/** What the subscription had on the node when a device came: a grant in force, the idle allowance, or nothing. */
export const holdings = ['grant', 'allowance', 'nothing'] as const;
export type Holding = (typeof holdings)[number];

/** What a gate holds for a tunnel address. */
export function holdingOf(
  address: string,
  gate: { readonly quotaOf: ReadonlyMap<string, unknown>; readonly allowance: ReadonlySet<string> },
): Holding {
  if (gate.quotaOf.has(address)) return 'grant';
  return gate.allowance.has(address) ? 'allowance' : 'nothing';
}

/** A device came to a node. */
export interface Arrival {
  readonly holding: Holding;
  /** From its first packet that was sent to the first that passed; undefined when none did while it waited. */
  readonly delayMs: number | undefined;
}

export const phases = ['plenty left', 'last 5 %'] as const;
/** Of the volume's life. */
export type Phase = (typeof phases)[number];

/** A device that one person carries along: it is on one node at a time. */
export interface Traveller {
  readonly name: string;
  /** How many nodes it may visit. */
  readonly nodes: number;
  /** Comes to a node, from 0, and sends there until it leaves. */
  arrive(node: number): Promise<Arrival>;
  leave(): Promise<void>;
  /** Bytes of all its packets that passed so far. */
  carried(): Promise<bigint>;
}

/** A device that waits longer than this for its first packet gives up. */
export const patienceMs = 15_000;
