import { isIP } from 'node:net';
import fc from 'fast-check';
import { Places } from '../../../agent/wireguard/places.ts';
import { AnswerReader } from '../../../agent/wireguard/uapi-text.ts';
import { canaries, hold, refusedOrDone } from '../expect.ts';
import { mutatedText } from '../mutate.ts';
import { plainTarget } from '../target.ts';

const [address, key] = canaries;
const hex = Buffer.from(key, 'base64').toString('hex');

// As wireguard-go 0.0.20220316 answers.
const answer = `private_key=${hex}
listen_port=12912
public_key=${hex}
preshared_key=188515093e952f5f22e865cef3012e72f8b5f0b598ac0309d5dacce3b70fcf52
protocol_version=1
endpoint=${address}:51820
last_handshake_time_sec=1795385000
last_handshake_time_nsec=25
tx_bytes=9007199254740993
rx_bytes=2224
persistent_keepalive_interval=0
allowed_ip=10.64.0.2/32
allowed_ip=fd74:7572:6e70::2/128
errno=0

`;

export const uapiAnswer = plainTarget(
  {
    name: 'uapi-answer',
    holds: 'whatever wireguard-go answers, in whatever pieces, is read right or refused in our own words',
    files: ['agent/wireguard/uapi-text.ts', 'agent/wireguard/tool-values.ts'],
  },
  () =>
    fc.asyncProperty(
      mutatedText([answer, 'errno=-22\n\n', 'errno=0\n\n']),
      fc.integer({ min: 1, max: 200 }),
      async (text, size) => {
        const reader = new AnswerReader(new Places());
        const done = refusedOrDone(() => {
          for (let start = 0; start < text.length; start += size) {
            if (reader.read(text.slice(start, start + size))) return true;
          }
          return false;
        });
        if (done !== true) return;
        hold(Number.isSafeInteger(reader.errno), 'the error number is none');
        hold(/^[0-9a-f]{64}$/.test(reader.privateKey ?? hex), 'the private key is none');
        for (const { publicKey, addresses, latestHandshake, received, sent } of reader.peers) {
          hold(/^[A-Za-z0-9+/]{43}=$/.test(publicKey), 'a key is none');
          for (const one of addresses) hold(isIP(one.split('/')[0] ?? '') > 0, 'an address is none');
          hold(Number.isSafeInteger(latestHandshake) && latestHandshake >= 0, 'a time is none');
          hold(
            received >= 0n && sent >= 0n && received < 2n ** 64n && sent < 2n ** 64n,
            'a figure cannot be',
          );
        }
      },
    ) as never,
);
