import { describe, expect, it } from 'vitest';
import { keyToHex } from './keys.ts';
import { Places } from './places.ts';
import { AnswerReader, renderRemoval, renderUpsert } from './uapi-text.ts';

const key = 'R3yVVzHGnZgPDJQQHt0FLBBS6uCMJJhEMXAS9jPyCXs=';

// An answer as wireguard-go 0.0.20220316 gives it.
const answer = `private_key=e84b5a6d2717c1003a13b431570353dbaca9146cf150c5f8575680feba52027a
listen_port=12912
public_key=${keyToHex(key)}
preshared_key=188515093e952f5f22e865cef3012e72f8b5f0b598ac0309d5dacce3b70fcf52
protocol_version=1
endpoint=203.0.113.7:51820
last_handshake_time_sec=1795385000
last_handshake_time_nsec=25
tx_bytes=9007199254740993
rx_bytes=2224
persistent_keepalive_interval=0
allowed_ip=10.64.0.2/32
allowed_ip=fd74:7572:6e70::2/128
errno=0

`;

describe('AnswerReader', () => {
  it.each([1, 7, answer.length])('reads an answer that comes in pieces of %d', (size) => {
    const places = new Places();
    const reader = new AnswerReader(places);
    let complete = false;
    for (let start = 0; start < answer.length; start += size) {
      expect(complete).toBe(false);
      complete = reader.read(answer.slice(start, start + size));
    }
    expect(complete).toBe(true);
    expect(reader.errno).toBe(0);
    expect(reader.peers).toEqual([
      {
        publicKey: key,
        addresses: ['10.64.0.2', 'fd74:7572:6e70::2'],
        latestHandshake: 1_795_385_000,
        received: 2224n,
        sent: 9_007_199_254_740_993n,
        place: places.nameOf('203.0.113.7:51820'),
      },
    ]);
    expect(JSON.stringify(reader.peers.map(({ place }) => place))).not.toContain('203.0');
  });

  it('tells the error number', () => {
    const reader = new AnswerReader(new Places());
    expect(reader.read('errno=-22\n\n')).toBe(true);
    expect(reader.errno).toBe(-22);
  });
});

describe('what we say', () => {
  it('replaces what the peer has, and ends with an empty line', () => {
    expect(renderUpsert([{ publicKey: key, presharedKey: undefined, addresses: ['10.64.0.2'] }])).toBe(
      `set=1\npublic_key=${keyToHex(key)}\npreshared_key=${'0'.repeat(64)}\nreplace_allowed_ips=true\nallowed_ip=10.64.0.2/32\n\n`,
    );
    expect(renderRemoval([key])).toBe(`set=1\npublic_key=${keyToHex(key)}\nremove=true\n\n`);
  });
});
