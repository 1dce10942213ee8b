import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Peer, WireGuard } from '../../agent/wireguard/wireguard.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';

export interface WireGuardBench {
  /** Takes 5,000 peers at most. */
  readonly wireguard: WireGuard;
  /** What the interface itself says; undefined where nobody but the driver can be asked. */
  readonly listenPort?: () => Promise<number>;
  readonly presharedKeys?: () => Promise<ReadonlyMap<string, string | undefined>>;
  /** Lets that peer, which stands in the driver, make a handshake and pass something. */
  handshake(peer: Peer, privateKey: string, serverPublicKey: string, port: number): Promise<void>;
  /** The interface goes away. */
  lose(): Promise<void>;
  close(): Promise<void>;
}

export function presharedKey(): string {
  return randomBytes(32).toString('base64');
}

/** The same for any number, and another one for another number; good enough where nobody shakes hands. */
export function publicKeyOf(number: number): string {
  const bytes = Buffer.alloc(32, 7);
  bytes.writeUInt32BE(number);
  return bytes.toString('base64');
}

export function peer(host: number, publicKey = publicKeyOf(host)): Peer {
  return {
    publicKey,
    presharedKey: presharedKey(),
    addresses: [`10.64.${host >> 8}.${host & 255}`, `fd74:7572:6e70::${host.toString(16)}`],
  };
}

export function wireguardContract(name: string, open: () => Promise<WireGuardBench>): void {
  describe(name, () => {
    let bench: WireGuardBench;
    let wireguard: WireGuard;
    beforeEach(async () => {
      bench = await open();
      wireguard = bench.wireguard;
    });
    afterEach(async () => bench.close());

    it('has no key before it is configured, and tells its public key afterwards', async () => {
      expect(await wireguard.publicKey()).toBeUndefined();
      const { privateKey, publicKey } = generateWireguardKeyPair();
      await wireguard.configure({ privateKey, listenPort: 51_999 });
      expect(await wireguard.publicKey()).toBe(publicKey);
      if (bench.listenPort) expect(await bench.listenPort()).toBe(51_999);
    });

    it('adds peers with addresses and preshared keys, and tells which there are', async () => {
      const first = peer(2);
      const second = { ...peer(3), presharedKey: undefined };
      await wireguard.upsert([first, second]);
      expect(await wireguard.peers()).toEqual(
        new Map([
          [first.publicKey, first.addresses],
          [second.publicKey, second.addresses],
        ]),
      );
      expect(await bench.presharedKeys?.()).toEqual(
        bench.presharedKeys &&
          new Map([
            [first.publicKey, first.presharedKey],
            [second.publicKey, undefined],
          ]),
      );
    });

    it('replaces addresses and preshared key of a peer that it has', async () => {
      const before = peer(2);
      await wireguard.upsert([before]);
      await wireguard.upsert([{ ...peer(9, before.publicKey), presharedKey: undefined }]);
      expect(await wireguard.peers()).toEqual(new Map([[before.publicKey, peer(9).addresses]]));
      if (bench.presharedKeys) {
        expect(await bench.presharedKeys()).toEqual(new Map([[before.publicKey, undefined]]));
      }
    });

    it('removes peers, and does not mind one that is not there', async () => {
      await wireguard.upsert([peer(2), peer(3)]);
      await wireguard.remove([publicKeyOf(2), publicKeyOf(99)]);
      expect([...(await wireguard.peers()).keys()]).toEqual([publicKeyOf(3)]);
      await wireguard.remove([]);
      await wireguard.upsert([]);
      expect((await wireguard.peers()).size).toBe(1);
    });

    it('gives an address that was set free to another peer', async () => {
      await wireguard.upsert([peer(2)]);
      await wireguard.remove([publicKeyOf(2)]);
      await wireguard.upsert([peer(2, publicKeyOf(8))]);
      expect(await wireguard.peers()).toEqual(new Map([[publicKeyOf(8), peer(2).addresses]]));
    });

    it('refuses what WireGuard would take silently, and does none of it', async () => {
      const { privateKey, publicKey } = generateWireguardKeyPair();
      await wireguard.configure({ privateKey, listenPort: 51_998 });
      await wireguard.upsert([peer(2)]);
      const refused = async (peers: readonly Peer[], message: string) =>
        expect(wireguard.upsert([peer(50), ...peers])).rejects.toThrow(message);
      await refused([peer(2, publicKeyOf(3))], 'the address 10.64.0.2 belongs to another peer');
      await refused([peer(4), peer(4, publicKeyOf(5))], 'two peers have the address 10.64.0.4');
      await refused([peer(4), peer(5, publicKeyOf(4))], 'two peers have the same public key');
      await refused([peer(6, publicKey)], "is the node's own");
      await refused([peer(6, 'no key')], 'is not a WireGuard key');
      await refused([{ ...peer(6), presharedKey: 'short' }], 'is not a WireGuard key');
      await refused([{ ...peer(6), addresses: ['10.0.0.1\nEndpoint = 192.0.2.1:1'] }], 'something else');
      await expect(wireguard.remove(['x; reboot'])).rejects.toThrow('is not a WireGuard key');
      expect([...(await wireguard.peers()).keys()]).toEqual([publicKeyOf(2)]);
    });

    it('refuses more peers than the interface takes', async () => {
      const many = Array.from({ length: 5001 }, (_, index) => peer(index + 2));
      await expect(wireguard.upsert(many)).rejects.toThrow('5001 peers are more than the 5000');
      expect((await wireguard.peers()).size).toBe(0);
    });

    it('says that it is unavailable when the interface is gone', async () => {
      await wireguard.upsert([peer(2)]);
      await bench.lose();
      await expect(wireguard.upsert([peer(3)])).rejects.toMatchObject({ code: 'unavailable' });
      await expect(wireguard.activity()).rejects.toMatchObject({ code: 'unavailable' });
    });

    it('takes thousands at once', async () => {
      const many = Array.from({ length: 3000 }, (_, index) => peer(index + 2));
      await wireguard.upsert(many);
      expect((await wireguard.peers()).size).toBe(3000);
      await wireguard.remove(many.map(({ publicKey }) => publicKey));
      expect((await wireguard.peers()).size).toBe(0);
    });

    it('tells who shook hands and what passed, also after the peer was written again', async () => {
      const server = generateWireguardKeyPair();
      const client = generateWireguardKeyPair();
      const device = peer(2, client.publicKey);
      await wireguard.configure({ privateKey: server.privateKey, listenPort: 51_997 });
      await wireguard.upsert([device, peer(3)]);
      const silent = { latestHandshake: 0, received: 0n, sent: 0n };
      expect(await wireguard.activity()).toHaveLength(2);
      expect(await wireguard.activity()).toContainEqual({ publicKey: device.publicKey, ...silent });

      await bench.handshake(device, client.privateKey, server.publicKey, 51_997);
      const activityOf = async (key: string) =>
        (await wireguard.activity()).find(({ publicKey }) => publicKey === key);
      await vi.waitFor(
        async () =>
          expect((await activityOf(device.publicKey))?.latestHandshake).toBeGreaterThan(1_600_000_000),
        { timeout: 10_000 },
      );
      const active = await activityOf(device.publicKey);
      expect(active?.received).toBeGreaterThan(0n);
      expect(active?.sent).toBeGreaterThan(0n);
      // From where it comes is told by a name that stays the same and says nothing.
      if (active?.place !== undefined) expect(active.place).toMatch(/^[\w-]{16}$/);
      expect(await activityOf(publicKeyOf(3))).toEqual({ publicKey: publicKeyOf(3), ...silent });

      await wireguard.upsert([device]);
      expect((await activityOf(device.publicKey))?.latestHandshake).toBe(active?.latestHandshake);
    });
  });
}
