import { formatSize, maxBytes } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';

/**
 * The volume after bytes were added to it.
 * @throws TurnpikeError `invalid` for what is not more than zero, or for a sum that no field can hold.
 */
export function addVolume(volume: bigint, bytes: bigint): bigint {
  if (bytes <= 0n) throw new TurnpikeError('invalid', `${bytes} bytes cannot be added; give more than zero`);
  if (volume + bytes > maxBytes) {
    throw new TurnpikeError(
      'invalid',
      `${formatSize(bytes)} more than ${formatSize(volume)} is beyond 2^63 - 1 bytes`,
      { remedy: 'use an unlimited tariff instead' },
    );
  }
  return volume + bytes;
}
