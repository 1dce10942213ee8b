import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseAgentConfig } from '../../../agent/config.ts';
import { parsePin } from '../../../agent/identity/pinned-authority.ts';
import { parseSize } from '../../../common/bytes.ts';
import { parseHostPort } from '../../../common/host-port.ts';
import { parseId } from '../../../common/ids.ts';
import { parseIpRange, parseTunnelRange } from '../../../common/ip-range.ts';
import { parseSpeed } from '../../../common/speed.ts';
import { parsePublicKey } from '../../../common/wireguard-key.ts';
import { parseControllerConfig } from '../../../controller/config.ts';
import { hold, refusedOrDone } from '../expect.ts';
import { mutatedText } from '../mutate.ts';
import { plainTarget } from '../target.ts';

const example = (name: string) =>
  readFileSync(new URL(`../../../systemd/${name}.toml`, import.meta.url), 'utf8');

const words = [
  ...[
    '50GB',
    '1.5 TiB',
    '10Mbit',
    '10.64.0.0/16',
    'fd74:7572:6e70::/64',
    'fra1.example.net:51820',
    '[2001:db8::1]:7443',
  ],
  ...[`sha256:${'ab'.repeat(32)}`, 'sub_0123456789abcdef', 'R3yVVzHGnZgPDJQQHt0FLBBS6uCMJJhEMXAS9jPyCXs='],
] as [string, ...string[]];

export const texts = plainTarget(
  {
    name: 'texts',
    holds:
      'configuration files, pins, addresses, ranges, sizes, speeds, ids and keys are read right or refused in our own words',
    files: ['config', 'bytes', 'host-port', 'ids', 'ip-range', 'speed', 'wireguard-key'].map(
      (file) => `common/${file}.ts`,
    ),
  },
  () =>
    fc.asyncProperty(
      mutatedText([example('controller')]),
      mutatedText([example('agent')]),
      mutatedText(words),
      async (controller, agent, word) => {
        refusedOrDone(() => parseControllerConfig('controller.toml', controller));
        const config = refusedOrDone(() => parseAgentConfig('agent.toml', agent));
        hold(
          config === undefined || /^[A-Za-z][\w.-]{0,14}$/.test(config.wireguard.interfaceName),
          'a name of an interface is none',
        );
        const size = refusedOrDone(() => parseSize(word));
        hold(size === undefined || (size >= 0n && size < 2n ** 63n), 'a size cannot be');
        const host = refusedOrDone(() => parseHostPort(word))?.host;
        hold(host === undefined || /^[A-Za-z0-9._:-]+$/.test(host), 'a host is none');
        const id = refusedOrDone(() => parseId('sub', word));
        hold(id === undefined || /^sub_[0-9a-z]{16}$/.test(id), 'an id is none');
        for (const parse of [
          parseIpRange,
          (text: string) => parseTunnelRange(text, 'ipv4'),
          parseSpeed,
          parsePin,
          parsePublicKey,
        ]) {
          refusedOrDone<unknown>(() => parse(word));
        }
      },
    ) as never,
);
