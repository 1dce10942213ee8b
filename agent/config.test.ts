import { expect, test } from 'vitest';
import { parseAgentConfig } from './config.ts';

test('an empty file means the defaults', () => {
  expect(parseAgentConfig('agent.toml', '')).toEqual({
    logLevel: 'info',
    stateDirectory: '/var/lib/turnpike-agent',
    wireguard: { interfaceName: 'wg0', userspace: 'auto' },
    metricsListen: { host: '127.0.0.1', port: 9465 },
    network: { uplink: 'auto', ipv6: 'auto' },
  });
});

test.each([
  ['[wireguard]\nintreface = "wg1"', /agent\.toml: .*wireguard\.intreface/],
  ['[wireguard]\ninterface = "a/b"', /agent\.toml: wireguard\.interface: "a\/b" cannot be the name/],
  ['[wireguard]\nuserspace = "maybe"', /agent\.toml: wireguard\.userspace/],
  ['[metrics]\nlisten = "9465"', /agent\.toml: metrics\.listen: "9465" is not an address with a port/],
])('%j is refused, with file and key', (text, message) => {
  expect(() => parseAgentConfig('agent.toml', text)).toThrow(message);
});
