import { TurnpikeError } from '../../common/errors.ts';
import { formatHostPort } from '../../common/host-port.ts';
import type { Context } from '../books/context.ts';
import { findLiveDevice, findNode } from './find.ts';
import { toGroup } from './groups.ts';
import type { ClientSettings } from './views.ts';

export function getClientSettings(
  { store, vault }: Context,
  deviceId: string,
  nodeName: string,
): Promise<ClientSettings> {
  return store.transaction(async (tx) => {
    const device = await findLiveDevice(tx, deviceId);
    const node = await findNode(tx, nodeName);
    const { group_id } = await tx.db
      .selectFrom('subscriptions')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .where('subscriptions.id', '=', device.subscription_id)
      .select('tariffs.group_id')
      .executeTakeFirstOrThrow();
    const group = toGroup(
      await tx.db.selectFrom('groups').where('id', '=', group_id).selectAll().executeTakeFirstOrThrow(),
    );
    if (node.group_id !== group_id) {
      throw new TurnpikeError(
        'conflict',
        `node ${node.name} is not in group "${group.name}" of this tariff`,
        {
          remedy: 'choose a node of that group (see "turnpike node list")',
        },
      );
    }
    if (node.public_key === null) {
      throw new TurnpikeError(
        'conflict',
        `node ${node.name} has not been connected yet: its key is unknown`,
        {
          remedy: 'join it first, and start its agent',
        },
      );
    }
    return {
      device: {
        publicKey: device.public_key ?? '',
        presharedKey:
          device.preshared_key === null
            ? ''
            : vault.open('devices.preshared_key', device.id, device.preshared_key),
        address4: device.address4,
        address6: device.address6,
      },
      node: {
        name: node.name,
        publicKey: node.public_key,
        endpoint: formatHostPort({ host: node.endpoint_host, port: node.endpoint_port }),
      },
      settings: {
        dns: group.dns,
        mtu: group.mtu,
        allowedIps: group.allowedIps,
        keepaliveSeconds: group.keepaliveSeconds,
      },
    };
  });
}
