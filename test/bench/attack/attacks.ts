import type { Attack } from './attack.ts';
import { bodies, nobodyReads, stalledReaders } from './attacks/api.ts';
import { everythingAgain, flood } from './attacks/floods.ts';
import { headers, resets } from './attacks/frames.ts';
import { nobodyStalls, stalledNodes } from './attacks/stalled-nodes.ts';
import { atApi, atEnrolment, atNodes } from './attacks/strangers.ts';

/** In this order. The first is what the others are compared with. */
export const attacks: readonly [Attack, ...Attack[]] = [
  { name: 'nobody' },
  ...[atNodes, atEnrolment, resets, headers],
  ...[nobodyStalls, stalledNodes, flood, everythingAgain],
  ...[nobodyReads, stalledReaders, bodies, atApi],
];
