import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Random } from './random.ts';

const real = crypto.randomBytes;

/** Ids, tokens and keys are the seed's too: they break ties, and stand in the order of tables. */
export function drawFrom(random: Random | undefined): void {
  const drawn = (size: number) => (random as Random).bytes(size);
  crypto.randomBytes = random === undefined ? real : (drawn as typeof crypto.randomBytes);
  syncBuiltinESMExports();
}
