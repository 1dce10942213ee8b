import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { findSubscription } from './find.ts';
import { loadSubscription } from './subscription-view.ts';
import type { Usage, UsageLine } from './views.ts';

export function getUsage({ store }: Context, subscriptionId: string): Promise<Usage> {
  return store.transaction(async (tx) => {
    await findSubscription(tx, subscriptionId);
    const { usedBytes, writtenOffBytes, volumeBytes, remainingBytes } = await loadSubscription(
      tx,
      subscriptionId,
    );
    const devices = await loadByDevice(tx, subscriptionId);
    return {
      subscriptionId,
      uploadBytes: sum(devices.map(({ uploadBytes }) => uploadBytes)),
      downloadBytes: sum(devices.map(({ downloadBytes }) => downloadBytes)),
      usedBytes,
      writtenOffBytes,
      volumeBytes,
      remainingBytes,
      devices,
      nodes: await loadByNode(tx, subscriptionId),
    };
  });
}

function loadByDevice(tx: Tx, subscriptionId: string): Promise<UsageLine[]> {
  return tx.db
    .selectFrom('devices')
    .innerJoin('usage', 'usage.device_id', 'devices.id')
    .where('devices.subscription_id', '=', subscriptionId)
    .groupBy(['devices.id', 'devices.label', 'devices.created_at'])
    .orderBy('devices.created_at')
    .orderBy('devices.id')
    .select((row) => [
      'devices.id',
      'devices.label as name',
      row.fn.sum<bigint>('usage.upload').as('uploadBytes'),
      row.fn.sum<bigint>('usage.download').as('downloadBytes'),
    ])
    .execute();
}

function loadByNode(tx: Tx, subscriptionId: string): Promise<UsageLine[]> {
  return tx.db
    .selectFrom('devices')
    .innerJoin('usage', 'usage.device_id', 'devices.id')
    .innerJoin('nodes', 'nodes.id', 'usage.node_id')
    .where('devices.subscription_id', '=', subscriptionId)
    .groupBy(['nodes.id', 'nodes.name', 'nodes.created_at'])
    .orderBy('nodes.created_at')
    .orderBy('nodes.id')
    .select((row) => [
      'nodes.id',
      'nodes.name',
      row.fn.sum<bigint>('usage.upload').as('uploadBytes'),
      row.fn.sum<bigint>('usage.download').as('downloadBytes'),
    ])
    .execute();
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
