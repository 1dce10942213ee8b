import type { Subscription } from './gen/api.ts';
import { showAccess, showBytes, showVolume } from './show.ts';
import { renderTable } from './table.ts';

export function subscriptionTable(subscriptions: readonly Subscription[]): string {
  return renderTable(
    ['subscription', 'account', 'tariff', 'devices', 'volume', 'used', 'remaining', 'access'],
    subscriptions.map((subscription) => [
      subscription.id,
      subscription.accountReference,
      subscription.tariff,
      showDevices(subscription),
      showVolume(subscription.volumeBytes),
      showBytes(subscription.usedBytes),
      showVolume(subscription.remainingBytes),
      showAccess(subscription.access),
    ]),
  );
}

/** `2 of 5`, or undefined where connections are not limited. */
export function showConnections({ connections, maxConnections }: Subscription): string | undefined {
  return maxConnections === null ? undefined : `${connections} of ${maxConnections}`;
}

/** `2` or `2 of 5`. */
export function showDevices({ devices, maxDevices }: Subscription): string {
  return maxDevices === null ? String(devices) : `${devices} of ${maxDevices}`;
}
