import { expect, it } from 'vitest';
import { EnrolmentLimit } from './enrolment-limit.ts';

const admitted = (limit: EnrolmentLimit, peers: readonly string[], now: number) =>
  peers.filter((peer) => limit.admits(peer, now)).length;

it('one address may try 30 times at once, and then once per second', () => {
  const limit = new EnrolmentLimit(0);
  const peers = Array.from({ length: 50 }, (_, port) => `192.0.2.1:${port + 1}`);
  expect(admitted(limit, peers, 0)).toBe(30);
  expect(admitted(limit, peers, 5000)).toBe(5);
  expect(limit.admits('192.0.2.2:1', 5000)).toBe(true);
});

it('an IPv6 network of 64 bits counts as one caller', () => {
  const limit = new EnrolmentLimit(0);
  const peers = Array.from({ length: 50 }, (_, host) => `2001:db8::${(host + 1).toString(16)}:7:1`);
  expect(admitted(limit, peers, 0)).toBe(30);
  expect(limit.admits('2001:db8:0:1::1:4444', 0)).toBe(true);
});

it('all callers together may try 200 times at once', () => {
  const limit = new EnrolmentLimit(0);
  const peers = Array.from({ length: 300 }, (_, host) => `10.0.${host >> 8}.${host & 255}:1`);
  expect(admitted(limit, peers, 0)).toBe(200);
});
