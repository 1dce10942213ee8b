import { expect, test } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { CommandError } from '../../common/command.ts';
import { openRecorded } from './fixtures/recorded.ts';
import { NftGate, type NftGateOptions } from './nft.ts';

const frame = {
  interfaceName: 'wg0',
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  ipv6: true,
  mtu: 1420,
};

/** On a kernel that says again what was recorded. */
function gateWith(options: Partial<NftGateOptions> = {}): NftGate {
  return new NftGate({
    run: async () => '',
    open: openRecorded,
    stream: () => ({ ended: Promise.resolve(), stop: () => undefined }),
    clock: systemClock,
    ...options,
  });
}

test('a table that was replaced by an older copy as soon as it was made is not taken for ours', async () => {
  const gate = gateWith();
  await expect(gate.create(frame)).rejects.toThrow('was replaced as soon as it was made');
});

test('a mark that a packet takes away in the middle of a change does not fail the change', async () => {
  let tries = 0;
  const gate = gateWith({
    run: async () => {
      tries += 1;
      if (tries === 1)
        throw new CommandError('nft', 1, 'failed with status 1', 'Error: No such file or directory');
      return '';
    },
  });
  const device = { address4: '10.64.0.2', address6: 'fd00::2', pass: { kind: 'closed' } } as const;
  const model = (unheard: boolean) => ({
    devices: new Map([['a', { ...device, unheard }]]),
    quotas: new Map(),
    limits: new Map(),
  });
  await gate.apply(model(true), model(false), 60);
  expect(tries).toBe(2);
});

test('what was used of a quota is subtracted, and the bells are none', async () => {
  const gate = gateWith();
  expect((await gate.read())?.quotaRemaining).toEqual(
    new Map([
      ['sub_x_1', 9_007_199_254_740_993n],
      ['sub_y_2', 0n],
      ['sub_y_3', 122_456n],
    ]),
  );
});

test('a table that goes in the middle of a reading was not read', async () => {
  // NLMSG_ERROR with ENOENT.
  const gone = Buffer.from('14000000020000000000000000000000feffffff', 'hex');
  const set = Buffer.from('up6\0').toString('hex');
  const open = () => openRecorded((pages, request) => (request.includes(set) ? [gone] : pages));
  expect(await gateWith({ open }).read()).toBeUndefined();
});
