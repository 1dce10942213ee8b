import { formatSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';

// So that a period's volume, what was carried into it and packs are together less than 2^63, the most that a field can
// hold, whatever is changed, carried over or added later: no other sum needs to be looked at.

/** The most that a tariff sells for a period. */
export const largestVolume = 2n ** 60n;
/** The most that all packs of a subscription hold together, used or not. */
const largestPacks = 2n ** 62n;

/** @throws TurnpikeError `invalid` for what is not more than zero, or too much beside the packs that are there. */
export function checkPack(held: bigint, bytes: bigint): void {
  if (bytes <= 0n) refuse(`${bytes} bytes cannot be added; give more than zero`);
  if (held + bytes <= largestPacks) return;
  refuse(
    `${formatSize(bytes)} cannot be added: top-ups of one subscription hold at most ${formatSize(largestPacks)} (2^62 bytes) together, and there are ${formatSize(held)} (${held} bytes)`,
    'use an unlimited tariff instead',
  );
}

function refuse(what: string, remedy?: string): never {
  const field = 'bytes';
  throw new TurnpikeError('invalid', `bytes: ${what}`, remedy === undefined ? { field } : { field, remedy });
}
