import { Registry } from 'prom-client';
import { silentLogger } from '../../common/log.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { cursorOf } from '../../controller/catalogue/cursor.ts';
import type { Api } from '../../controller/north/api.ts';
import { createApiMetrics } from '../../controller/north/api-metrics.ts';
import { buildApi } from '../../controller/north/server.ts';
import { goodHealth, openRig, type Rig } from '../unit/books/rig.ts';
import type { Pools } from './schema.ts';

/** The API over real books in which there is one of everything. */
export interface Shop {
  readonly api: Api;
  readonly registry: Registry;
  rig(): Rig;
  pools(): Pools;
  /** Other books, as they were at first but for their ids. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** It would change files. */
const noRollover = async () => ({ pin: 'sha256:00', nextPin: null, waiting: [] });
const keys = [generateWireguardKeyPair(), generateWireguardKeyPair()];

/**
 * The API over books that can be changed for fresh ones: making the API takes a hundred times as long as making books.
 */
export async function openShop(trust: 'socket' | 'key' = 'socket'): Promise<Shop> {
  let books = await stockedBooks();
  const registry = new Registry();
  const late = <Part extends 'catalogue' | 'apiKeys' | 'changes' | 'webhooks' | 'audit' | 'privacy'>(
    part: Part,
  ): Rig['books'][Part] =>
    new Proxy({} as Rig['books'][Part], {
      get: (_, method) => Reflect.get(books.rig.books[part], method) as unknown,
    });
  const api = await buildApi({
    catalogue: late('catalogue'),
    apiKeys: late('apiKeys'),
    changes: late('changes'),
    webhooks: late('webhooks'),
    audit: late('audit'),
    privacy: late('privacy'),
    requestsPerMinute: 1_000_000,
    joining: { enrolmentAddress: () => 'controller.example.net:7444', pin: () => `sha256:${'0'.repeat(64)}` },
    rollover: { status: noRollover, begin: noRollover, finish: noRollover },
    keys: {
      status: () => books.rig.books.keys.status(),
      rotate: () => books.rig.books.keys.rotate(async () => {}),
    },
    backups: {
      create: () => books.rig.books.backups.create(async () => ({})),
      list: () => books.rig.books.backups.list(),
      away: () => books.rig.books.backups.away(),
      forget: (name) => books.rig.books.backups.forget(name),
      areRemovalsWritten: () => books.rig.books.backups.areRemovalsWritten(),
      verify: (name) => books.rig.books.backups.verify(name),
      keepRemovals: () => books.rig.books.backups.keepRemovals(),
    },
    health: goodHealth,
    version: '0.0.0',
    log: silentLogger,
    metrics: createApiMetrics(registry),
    trust,
  });
  return {
    api,
    registry,
    rig: () => books.rig,
    pools: () => books.pools,
    renew: async () => {
      await books.rig.books.close();
      books = await stockedBooks();
    },
    close: async () => {
      await api.close();
      await books.rig.books.close();
    },
  };
}

async function stockedBooks(): Promise<{ rig: Rig; pools: Pools }> {
  const rig = await openRig();
  await rig.node('fra-1');
  const subscription = await rig.subscription();
  const device = await rig.device(subscription);
  const { id: adjustment } = await rig.books.catalogue.topUp(subscription, {
    bytes: 1_000_000n,
    reason: 'gift',
    reference: 'first',
  });
  return { rig, pools: poolsOf({ subscription, device, adjustment }) };
}

function poolsOf({
  subscription,
  device,
  adjustment,
}: Record<'subscription' | 'device' | 'adjustment', string>): Pools {
  const account = ['customer 1', 'customer 2', subscription];
  const moments = [
    'now',
    'first-connection',
    '2026-12-31',
    '2026-02-30',
    '2026-12-31T18:00:00Z',
    '9999-12-31',
    '0000-01-01',
    '275760-09-13',
  ];
  const volumes = ['0', '1', '1000000', '9223372036854775807', '9223372036854775808', '9999999999999999999'];
  return {
    ...{ account, with: account, subscription: [subscription, 'customer 1'], id: [subscription, device] },
    ...{
      device: [device],
      node: ['fra-1', 'fra-2'],
      group: ['default', 'eu'],
      tariff: ['tariff-1', 'small'],
    },
    ...{
      reference: ['first', 'second', 'third'],
      adjustment: [adjustment],
      pack: [adjustment],
      cursor: [
        ...[subscription, '1', cursorOf('devices', { id: device, createdAt: 0 })],
        cursorOf('subscriptions', { id: subscription, reference: 'f' }, 'f'),
      ],
    },
    ...{
      name: ['eu', 'small', 'fra-2', 'tariff-1'],
      endpoint: ['fra-2.example.net:51820', '[2001:db8::1]:1', 'x:0'],
    },
    ...{
      starts: moments,
      expires: moments,
      until: moments,
      timeZone: ['Europe/Berlin', 'UTC', 'Etc/GMT+14', 'Mars/Base'],
    },
    ...{ bytes: volumes, volumeBytes: [...volumes, null], publicKey: keys.map((one) => one.publicKey) },
    ...{ privateKey: keys.map((one) => one.privateKey), key: ['backend'] },
    ...{ duration: ['30d', '0d', '999999999999d', '1mo'], period: ['once', 'month', '30d', '0d'] },
  };
}
