import { create } from '@bufbuild/protobuf';
import { TurnpikeError } from '../../common/errors.ts';
import { type Settings, SettingsSchema } from '../../common/gen/turnpike/v1/sync_pb.ts';
import type { Context } from '../books/context.ts';
import { seatPatienceSeconds } from '../seats/situation.ts';
import type { Tx } from '../store/store.ts';

/** What a node is set to (sync.proto, Settings). */
export async function loadSettings(
  { range, validitySeconds }: Context,
  tx: Tx,
  nodeId: string,
): Promise<Settings> {
  const node = await tx.db
    .selectFrom('nodes')
    .innerJoin('groups', 'groups.id', 'nodes.group_id')
    .where('nodes.id', '=', nodeId)
    .where('nodes.removed_at', 'is', null)
    .select(['nodes.endpoint_port', 'groups.mtu'])
    .executeTakeFirst();
  if (node === undefined) throw new TurnpikeError('unauthenticated', 'this node was removed');
  return create(SettingsSchema, {
    listenPort: node.endpoint_port,
    range4: range.range4,
    range6: range.range6,
    address4: range.node.address4,
    address6: range.node.address6,
    mtu: node.mtu,
    validitySeconds,
    seatPatienceSeconds,
  });
}
