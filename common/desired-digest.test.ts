import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { desiredDigest } from './desired-digest.ts';

const sha256 = (text: string) => createHash('sha256').update(text);

it('is the SHA-256 over those of the sorted lines of each part, whatever order the items come in', () => {
  const b = { id: 'dev_b1x', revision: 12n };
  const a = { id: 'dev_b1a', revision: 3n };
  const s = { id: 'sub_b1a', revision: 18446744073709551615n };
  const other = { id: 'dev_1a0', revision: 4n };
  const first = sha256('d dev_1a0 4\n').digest('hex');
  const second = sha256('d dev_b1a 3\nd dev_b1x 12\ns sub_b1a 18446744073709551615\n').digest('hex');
  const expected = sha256(`1a ${first}\nb1 ${second}\n`).digest();
  expect(Buffer.from(desiredDigest([b, other, a], [s]))).toEqual(expected);
  expect(Buffer.from(desiredDigest([], []))).toEqual(sha256('').digest());
});
