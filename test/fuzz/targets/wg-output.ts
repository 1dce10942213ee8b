import { isIP } from 'node:net';
import fc from 'fast-check';
import { Places } from '../../../agent/wireguard/places.ts';
import {
  parseActivity,
  parseAllowedIps,
  parsePlaces,
  parsePublicKey,
} from '../../../agent/wireguard/wg-text.ts';
import { canaries, hold, refusedOrDone } from '../expect.ts';
import { mutatedText } from '../mutate.ts';
import { plainTarget } from '../target.ts';

// Output of wireguard-tools 1.0.20210914.
const [address, key] = canaries;
const other = 'p1gdFAICDrdJfLoAdVhNLFVsOUPwwdxTOIYX3wBNVVU=';
const recorded = {
  publicKey: [`${key}\n`, '(none)\n'],
  allowedIps: [
    `${key}\t10.64.0.2/32 fd74:7572:6e70::2/128\n${other}\t(none)\n`,
    `${key}\t10.64.0.0/16\n`,
    '',
  ],
  endpoints: [`${key}\t${address}:51820\n${other}\t(none)\n`, `${key}\t[2001:db8::1]:51820\n`],
  handshakes: [`${key}\t1795385000\n${other}\t0\n`],
  transfer: [`${key}\t18446744073709551615\t9007199254740993\n${other}\t0\t0\n`],
} as const;

export const wgOutput = plainTarget(
  {
    name: 'wg-output',
    holds: 'whatever wg prints is read right or refused in our own words, which repeat nothing of it',
    files: ['agent/wireguard/wg-text.ts', 'agent/wireguard/places.ts'],
  },
  () =>
    fc.asyncProperty(
      mutatedText(recorded.publicKey),
      mutatedText(recorded.allowedIps),
      mutatedText(recorded.endpoints),
      mutatedText(recorded.handshakes),
      mutatedText(recorded.transfer),
      async (publicKey, allowedIps, endpoints, handshakes, transfer) => {
        const own = refusedOrDone(() => parsePublicKey(publicKey));
        if (own !== undefined) checkKey(own);
        for (const [peer, addresses] of refusedOrDone(() => parseAllowedIps(allowedIps)) ?? []) {
          checkKey(peer);
          for (const one of addresses) hold(isIP(one.split('/')[0] ?? '') > 0, 'an address is none');
        }
        const places = refusedOrDone(() => parsePlaces(endpoints, new Places())) ?? new Map();
        const activity = refusedOrDone(() => parseActivity(handshakes, transfer, places)) ?? [];
        for (const { publicKey: peer, latestHandshake, received, sent } of activity) {
          checkKey(peer);
          hold(Number.isSafeInteger(latestHandshake) && latestHandshake >= 0, 'a time is none');
          hold(
            received >= 0n && sent >= 0n && received < 2n ** 64n && sent < 2n ** 64n,
            'a figure cannot be',
          );
        }
      },
    ) as never,
);

function checkKey(text: string): void {
  hold(/^[A-Za-z0-9+/]{43}=$/.test(text), 'a key is none');
}
