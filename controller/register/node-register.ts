import { sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import type { DevicePresence, Hello } from '../../common/gen/turnpike/v1/sync_pb.ts';
import type { Logger } from '../../common/log.ts';
import { printable } from '../../common/show.ts';
import { termOf } from '../../common/term.ts';
import { servingIncarnation } from '../accounting/incarnation.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { utcDayOf } from '../calendar/utc-day.ts';
import { recordEvent } from '../events/record.ts';
import { noteFoundNode } from '../events/watch.ts';
import { noteErased } from '../privacy/tombstones.ts';
import type { NodeIdentity, NodeRegister } from '../south/ports.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import type { LivePresence } from './live.ts';

export function createNodeRegister(context: Context): NodeRegister {
  const { live, seats, store } = context;
  const isCurrent = ({ nodeId, incarnation }: NodeIdentity) => live.node(nodeId)?.incarnation === incarnation;
  return {
    hello: async (identity, hello) => {
      await store.transaction(async (tx) => {
        await servingIncarnation(tx, identity);
        await refuseFromBefore(tx, identity, hello.revision);
        await recordHello(context, tx, identity, hello);
        await noteFoundNode(tx, identity.nodeId, context.clock.now());
      });
      live.hello(identity.nodeId, identity.incarnation);
      seats.nodeTurned(identity.nodeId);
      await grantWanted(context, identity);
    },
    applied: async (identity, revision, refusals) => {
      if (!isCurrent(identity)) return;
      live.contact(identity.nodeId);
      live.applied(identity.nodeId, revision, refusals);
    },
    erased: async (identity, revision) => {
      if (!isCurrent(identity)) return;
      live.contact(identity.nodeId);
      await store.transaction((tx) => noteErased(context, tx, identity, revision));
    },
    presence: async (identity, devices) => {
      if (!isCurrent(identity)) return;
      live.contact(identity.nodeId);
      await store.transaction((tx) => recordPresence(context, tx, identity, devices));
    },
    disconnected: async (identity) => {
      if (!isCurrent(identity)) return;
      live.contact(identity.nodeId);
      live.disconnected(identity.nodeId);
      seats.nodeTurned(identity.nodeId);
    },
  };
}

/**
 * Whatever we said to it would be older than what it has heard. That is a node's word, and only where a restore that was
 * not noted explains it is there something for the operator to do: each restore that is noted begins one term.
 */
async function refuseFromBefore(tx: Tx, { nodeName }: NodeIdentity, heard: bigint): Promise<void> {
  const { revision } = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
  if (heard <= revision) return;
  if (termOf(heard) > termOf(revision) + 1) {
    throw new TurnpikeError(
      'invalid',
      `node ${nodeName} says that it has heard revision ${heard}, of term ${termOf(heard)}, and the fleet is in term ${termOf(revision)}`,
      { remedy: 'make a join token with "turnpike node token NODE" and join again' },
    );
  }
  throw new TurnpikeError(
    'environment',
    `node ${nodeName} says that it has heard revision ${heard}, and this database knows ${revision}: when that is true, it was restored from a backup`,
    {
      remedy:
        'if it was not, do not believe this node, and remove it; if it was, stop the controller, run "turnpike-controller --restored" once and start it: nothing is granted then until the nodes have told what passed meanwhile',
    },
  );
}

async function recordHello(
  { clock, log }: Context,
  tx: Tx,
  identity: NodeIdentity,
  hello: Hello,
): Promise<void> {
  const { nodeId } = identity;
  const publicKey = Buffer.from(hello.wireguardPublicKey).toString('base64');
  const node = await tx.db
    .selectFrom('nodes')
    .where('id', '=', nodeId)
    .select(['name', 'public_key', 'key_changed_at'])
    .executeTakeFirstOrThrow();
  let changedAt = node.key_changed_at;
  if (node.public_key !== publicKey) {
    await refuseTakenKey(log, tx, identity, publicKey);
    if (node.public_key !== null) {
      changedAt = clock.now();
      await recordEvent(tx, { type: 'node.rekeyed', at: changedAt, nodeId, data: { name: node.name } });
      log.warn(
        { node: nodeId },
        "a node has a new WireGuard key: its customers' configurations must be renewed",
      );
    }
  }
  await tx.db
    .updateTable('nodes')
    .set({
      public_key: publicKey,
      key_changed_at: changedAt,
      // A node's own words, which people will read.
      agent_version: printable(hello.agentVersion.slice(0, 60)),
      driver: printable(hello.wireguardDriver.slice(0, 20)),
      ipv6: Number(hello.ipv6),
    })
    .where('id', '=', nodeId)
    .execute();
}

/** Whose it is goes to the log alone: it may be of a group that this node sees nothing of. */
async function refuseTakenKey(
  log: Logger,
  tx: Tx,
  { nodeId, nodeName }: NodeIdentity,
  publicKey: string,
): Promise<void> {
  const device = await tx.db
    .selectFrom('devices')
    .where('public_key', '=', publicKey)
    .select('id')
    .executeTakeFirst();
  const other = await tx.db
    .selectFrom('nodes')
    .where('public_key', '=', publicKey)
    .where('removed_at', 'is', null)
    .where('id', '<>', nodeId)
    .select('id')
    .executeTakeFirst();
  const owner = device ?? other;
  if (owner === undefined) return;
  log.warn(
    { node: nodeId, owner: owner.id },
    'a node came with the WireGuard key of another node or a device',
  );
  throw new TurnpikeError('conflict', `the WireGuard key of node ${nodeName} is somebody else's already`, {
    remedy: "give the node a key of its own: run its agent's down, remove its state, and join again",
  });
}

/** It may have asked before it was cut off, and was not granted anything while it was. */
async function grantWanted(context: Context, { nodeId, incarnation }: NodeIdentity): Promise<void> {
  await context.store.transaction(async (tx) => {
    const wanting = await tx.db
      .selectFrom('grants')
      .where('node_id', '=', nodeId)
      .where('incarnation', '=', incarnation)
      .where('wanting', '=', sql.lit(1))
      .select('subscription_id')
      .distinct()
      .execute();
    await turnLedger(
      context,
      tx,
      wanting.map((row) => row.subscription_id),
    );
  });
}

/** In memory; of it, the day alone is stored. */
async function recordPresence(
  { clock, live, seats }: Context,
  tx: Tx,
  { nodeId }: NodeIdentity,
  devices: readonly DevicePresence[],
): Promise<void> {
  const known = new Map(
    (
      await selectInChunks(
        devices.map(({ deviceId }) => deviceId),
        (ids) =>
          tx.db
            .selectFrom('devices')
            .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
            .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
            .innerJoin('nodes', 'nodes.group_id', 'tariffs.group_id')
            .where('devices.id', 'in', ids)
            .where('devices.removed_at', 'is', null)
            // A node sees its own devices and says nothing of others.
            .where('nodes.id', '=', nodeId)
            .select(['devices.id', 'subscription_id', 'max_connections'])
            .execute(),
      )
    ).map((row) => [row.id, row]),
  );
  const present = devices.filter(({ deviceId }) => known.has(deviceId));
  const day = utcDayOf(clock.now());
  // Also one that has just gone: it may have been there for days.
  const seen = present
    .filter(({ deviceId, connected }) => connected || live.presence(nodeId, deviceId)?.connected)
    .map(({ deviceId }) => deviceId);
  for (const ids of chunks(seen)) {
    await tx.db
      .updateTable('devices')
      .set({ last_seen_day: day })
      .where('id', 'in', ids)
      .where((row) => row.or([row('last_seen_day', 'is', null), row('last_seen_day', '<', day)]))
      .execute();
  }
  tx.afterCommit(() => {
    const stirred = new Set<string>();
    for (const one of present) {
      const { deviceId, connected, passing, refused, active, uploading } = one;
      const shared = one.shared && live.isOfKey(deviceId, one.deviceRevision);
      const seen = { connected, passing, refused, active, uploading, shared };
      const before = live.presence(nodeId, deviceId);
      live.seen(nodeId, deviceId, seen);
      const owner = known.get(deviceId);
      const limited = owner?.max_connections != null;
      const elsewhere = live.uploadingNodes(deviceId) > Number(uploading);
      if (owner && concernsSeats(before, seen, { limited, elsewhere })) stirred.add(owner.subscription_id);
    }
    seats.mark(stirred);
  });
}

/** `limited`: its tariff limits connections. `elsewhere`: it uploads on another node. */
function concernsSeats(
  before: LivePresence | undefined,
  now: LivePresence,
  { limited, elsewhere }: { readonly limited: boolean; readonly elsewhere: boolean },
): boolean {
  const changed = (name: keyof LivePresence) => (before?.[name] ?? false) !== now[name];
  if (changed('shared') || (elsewhere && changed('uploading'))) return true;
  return limited && (changed('active') || changed('refused'));
}
