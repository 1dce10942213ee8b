import { describe, expect, it } from 'vitest';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { peer, presharedKey, publicKeyOf } from '../../test/contracts/wireguard.ts';
import { WgDriver } from './wg.ts';

function driver(answer: (argv: readonly string[]) => string = () => '') {
  const commands: string[][] = [];
  const run: CommandRunner = async (argv) => {
    commands.push([...argv]);
    return answer(argv);
  };
  return { wireguard: new WgDriver({ run, interfaceName: 'wg0', maxPeers: 100_000 }), commands };
}

describe('WgDriver', () => {
  it('puts no secret into an argument list', async () => {
    const { wireguard, commands } = driver();
    const { privateKey } = generateWireguardKeyPair();
    const device = { ...peer(2), presharedKey: presharedKey() };
    await wireguard.configure({ privateKey, listenPort: 51_820 });
    await wireguard.upsert([device]);
    await wireguard.remove([device.publicKey]);
    const words = commands.flat().join(' ');
    expect(words).not.toContain(privateKey);
    expect(words).not.toContain(device.presharedKey);
    expect(words).toContain('sh -c cat | wg "$@" /dev/stdin sh set wg0 listen-port 51820 private-key');
  });

  it('never asks for what holds keys', async () => {
    const { wireguard, commands } = driver();
    await wireguard.peers();
    await wireguard.activity();
    expect(commands.map((argv) => argv.at(-1)).sort()).toEqual([
      'allowed-ips',
      'endpoints',
      'latest-handshakes',
      'transfer',
    ]);
  });

  it('removes in batches that fit an argument list', async () => {
    const { wireguard, commands } = driver();
    await wireguard.remove(Array.from({ length: 45_000 }, (_, index) => publicKeyOf(index)));
    expect(commands.map((argv) => (argv.length - 3) / 3)).toEqual([20_000, 20_000, 5000]);
  });

  it.each([
    ['Unable to access interface: No such device', 1, 'there is no WireGuard interface wg0'],
    ['Unable to modify interface: Operation not permitted', 1, 'wg may not touch the interface wg0'],
    ['sh: 1: wg: not found', 127, 'wg is not installed'],
    ['Key is not the correct length or format: `secret', 1, 'wg failed with status 1'],
  ])('explains "%s"', async (stderr, status, message) => {
    const { wireguard } = driver(() => {
      throw new CommandError('sh', status, `failed with status ${status}`, stderr);
    });
    await expect(wireguard.publicKey()).rejects.toThrow(new RegExp(`^${message}$`));
  });
});
