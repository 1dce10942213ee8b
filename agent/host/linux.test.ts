import { expect, it } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { LinuxHost } from './linux.ts';

const failure = (stderr: string) => new CommandError('x', 1, 'failed with status 1', stderr);

// A machine without any interface of ours, and without systemd.
function host(userspace: 'auto' | 'always' | 'never', link?: string): LinuxHost {
  const run: CommandRunner = async (argv) => {
    if (argv[0] === 'ip' && link !== undefined) return link;
    throw failure(argv[0] === 'ip' ? 'Device "wg0" does not exist.' : '');
  };
  return new LinuxHost({
    ...{ run, clock: systemClock, interfaceName: 'wg0', stateDirectory: '/nonexistent', userspace },
    ...{ ipv6: 'auto', uplink: 'auto' },
  });
}

it('the driver is known before the interface is made', async () => {
  expect(await host('always').driver()).toBe('userspace');
  expect(await host('never').driver()).toBe('kernel');
});

it('the driver is what made the interface, whatever is configured', async () => {
  const made = (kind: string) => `[{"ifname":"wg0","linkinfo":{"info_kind":"${kind}"}}]`;
  expect(await host('always', made('wireguard')).driver()).toBe('kernel');
  expect(await host('never', made('tun')).driver()).toBe('userspace');
});
