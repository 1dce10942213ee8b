import { wireguardContract } from '../../test/contracts/wireguard.ts';
import { FakeWireGuard } from './fake.ts';

wireguardContract('WireGuard in memory', async () => {
  const wireguard = new FakeWireGuard({ maxPeers: 5000 });
  return {
    wireguard,
    handshake: async ({ publicKey }) =>
      wireguard.act(publicKey, { latestHandshake: 1_700_000_000, received: 180n, sent: 92n }),
    lose: async () => wireguard.lose(),
    close: async () => undefined,
  };
});
