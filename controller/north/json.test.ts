import { describe, expect, it } from 'vitest';
import { toJson } from './json.ts';

describe('JSON of the API', () => {
  it('writes bytes as digits, past what a number holds exactly', () => {
    expect(toJson({ usedBytes: 2n ** 63n - 1n })).toEqual({ usedBytes: '9223372036854775807' });
  });

  it('writes times as RFC 3339 and leaves other numbers alone', () => {
    expect(toJson({ createdAt: 0, removedAt: null, since: 1000, mtu: 1420 })).toEqual({
      createdAt: '1970-01-01T00:00:00.000Z',
      removedAt: null,
      since: '1970-01-01T00:00:01.000Z',
      mtu: 1420,
    });
  });

  it('writes a time as RFC 3339 also where a query gave a bigint', () => {
    expect(toJson({ certificateExpiresAt: 1_798_275_000_000n })).toEqual({
      certificateExpiresAt: '2026-12-26T08:50:00.000Z',
    });
  });

  it('reaches into lists and objects', () => {
    expect(toJson({ lines: [{ uploadBytes: 1n, name: null }] })).toEqual({
      lines: [{ uploadBytes: '1', name: null }],
    });
  });
});
