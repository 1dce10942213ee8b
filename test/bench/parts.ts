/** `npm run bench -- NAME`; without a name, what it costs to bring a fleet onto a node (loading.ts). */
export const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  /** How soon adjustments are in force at the gate of a node with ten thousand devices. */
  adjust: () => import('./adjust/main.ts'),
  /** What hostile outsiders, nodes and callers cost the controller, and whether others notice. */
  attack: () => import('./attack/main.ts'),
  /** How long the books wait for a backup. */
  backup: () => import('./backup/main.ts'),
  /** A billing system's list of 300,000 lines, and pages at that size beside a bare fastify route. */
  bulk: () => import('./bulk/main.ts'),
  /** What a volume over many nodes leaves behind, and how long a first packet waits. */
  edge: () => import('./edge/main.ts'),
  /** How the devices of one subscription share its speed over TCP. */
  fairness: () => import('./fairness/main.ts'),
  /** Adjustments in random orders against traffic: books exact, access right. */
  orders: () => import('./orders/main.ts'),
  /** A thousand nodes that come back at once. */
  reconnect: () => import('./reconnect/main.ts'),
  /** Whether one key on two devices is found, and who only moves is left alone. */
  sharing: () => import('./sharing/main.ts'),
  /** What TCP makes of the speeds of tariffs. */
  speed: () => import('./speed/main.ts'),
  /** How far a node's reading is from the end of a period, and its closing from an expiry. */
  turn: () => import('./turn/main.ts'),
  /** Three nodes use up a volume, one of them cut off near its end; and how soon a top-up flows. */
  volume: () => import('./volume/main.ts'),
};

/** How one of them is run. */
export const partUsage = `npm run bench -- ${Object.keys(parts).join('|')} [--help]\n`;
