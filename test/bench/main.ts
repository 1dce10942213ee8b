// npm run bench              what it costs to bring a fleet onto a node
// npm run bench -- adjust    how soon adjustments are in force at the gate of a node with ten thousand devices
// npm run bench -- attack    what hostile outsiders, nodes and callers cost the controller, and whether others notice
// npm run bench -- backup    how long the books wait for a backup
// npm run bench -- bulk      a billing system's list of 300,000 lines, and pages at that size beside a bare fastify route
// npm run bench -- edge      what a volume over many nodes leaves behind, and how long a first packet waits
// npm run bench -- orders    adjustments in random orders against traffic: books exact, access right
// npm run bench -- reconnect a thousand nodes that come back at once
// npm run bench -- sharing   whether one key on two devices is found, and who only moves is left alone
// npm run bench -- turn      how far a node's reading is from the end of a period, and its closing from an expiry
// npm run bench -- speed     what TCP makes of the speeds of tariffs
// npm run bench -- volume    three nodes use up a volume, one of them cut off near its end; and how soon a top-up flows
const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  adjust: () => import('./adjust/main.ts'),
  attack: () => import('./attack/main.ts'),
  backup: () => import('./backup/main.ts'),
  bulk: () => import('./bulk/main.ts'),
  edge: () => import('./edge/main.ts'),
  orders: () => import('./orders/main.ts'),
  reconnect: () => import('./reconnect/main.ts'),
  sharing: () => import('./sharing/main.ts'),
  speed: () => import('./speed/main.ts'),
  turn: () => import('./turn/main.ts'),
  volume: () => import('./volume/main.ts'),
};
const part = parts[process.argv[2] ?? ''];
if (part === undefined) await import('./loading.ts');
else {
  process.argv.splice(2, 1);
  await part();
}
