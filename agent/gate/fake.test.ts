import { systemClock } from '../../common/clock.ts';
import { gateContract } from '../../test/contracts/gate.ts';
import { FakeGate } from './fake.ts';

gateContract('the gate in memory', async () => {
  const gate = new FakeGate(systemClock);
  return {
    gate,
    frame: {
      interfaceName: 'wg0',
      range4: '10.64.0.0/16',
      range6: 'fd74:7572:6e70::/64',
      address4: '10.64.0.1',
      address6: 'fd74:7572:6e70::1',
      ipv6: true,
      mtu: 1420,
    },
    carry: async (direction, address, count, bytes) =>
      Array.from({ length: count }, () => gate.carry(direction, address, BigInt(bytes))).filter(Boolean)
        .length,
    flush: async () => gate.flush(),
    forget: async (address) => gate.forget(address),
    close: async () => undefined,
  };
});
