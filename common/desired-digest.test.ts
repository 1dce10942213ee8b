import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { desiredDigest } from './desired-digest.ts';

it('is the SHA-256 of the sorted lines, whatever order the items come in', () => {
  const b = { id: 'dev_b', revision: 12n };
  const a = { id: 'dev_a', revision: 3n };
  const s = { id: 'sub_a', revision: 18446744073709551615n };
  const expected = createHash('sha256')
    .update('d dev_a 3\nd dev_b 12\ns sub_a 18446744073709551615\n')
    .digest();
  expect(Buffer.from(desiredDigest([b, a], [s]))).toEqual(expected);
});
