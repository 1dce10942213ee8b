import { desiredDigest } from '../../common/desired-digest.ts';
import { termOf } from '../../common/term.ts';
import { servingIncarnation } from '../accounting/incarnation.ts';
import type { Context } from '../books/context.ts';
import { loadHold } from '../hold/hold.ts';
import type { Catchup, DesiredState, NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';
import { makeDeltas } from './deltas.ts';
import { type Holder, loadChangedItems } from './items.ts';
import { loadSettings } from './settings.ts';

/** By node: the digest as of a revision, so that a change elsewhere costs this node nothing. */
type Digests = Map<string, { incarnation: number; revision: bigint; digest: Uint8Array }>;

export function createDesiredState(context: Context): DesiredState {
  const { store } = context;
  const digests: Digests = new Map();
  return {
    settings: (nodeId) => store.transaction((tx) => loadSettings(context, tx, nodeId)),
    since: (identity, revision, want) =>
      store.transaction((tx) => since(context, tx, digests, identity, revision, want?.digest ?? true)),
    onChange: (listener) => store.onRevision(listener),
  };
}

async function since(
  context: Context,
  tx: Tx,
  digests: Digests,
  identity: NodeIdentity,
  revision: bigint,
  wantDigest: boolean,
): Promise<Catchup> {
  const incarnation = await servingIncarnation(tx, identity);
  const fleet = await tx.db
    .selectFrom('fleet')
    .select(['revision', 'released_revision'])
    .executeTakeFirstOrThrow();
  const node = await tx.db
    .selectFrom('nodes')
    .where('id', '=', identity.nodeId)
    .select(['group_id', 'floor_revision'])
    .executeTakeFirstOrThrow();
  const holder: Holder = {
    nodeId: identity.nodeId,
    incarnation: identity.incarnation,
    groupId: node.group_id,
    sinceRevision: incarnation.since_revision,
    hold: await loadHold(tx),
  };
  // What a node heard in an earlier term may have been forgotten here, and something else assigned in its place.
  const sameTerm = termOf(revision) === termOf(fleet.revision);
  const whole = revision < fleet.released_revision;
  const known = sameTerm && !whole && revision >= node.floor_revision ? revision : 0n;
  const deltas = makeDeltas(await loadChangedItems(context, tx, holder, known));
  // What else it has is not known.
  if (holder.hold) return { deltas, revision: fleet.revision, digest: new Uint8Array(), whole };
  const memo = digests.get(holder.nodeId);
  const unchanged =
    deltas.length === 0 && memo?.incarnation === holder.incarnation && memo.revision === known;
  if (!unchanged && !wantDigest) {
    return { deltas, revision: fleet.revision, digest: undefined, whole };
  }
  const digest = unchanged ? memo.digest : await computeDigest(tx, holder);
  digests.set(holder.nodeId, { incarnation: holder.incarnation, revision: fleet.revision, digest });
  return { deltas, revision: fleet.revision, digest, whole };
}

async function computeDigest(tx: Tx, { nodeId, incarnation, groupId }: Holder): Promise<Uint8Array> {
  const devices = await tx.db
    .selectFrom('devices')
    .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where('tariffs.group_id', '=', groupId)
    .where('devices.removed_at', 'is', null)
    .select(['devices.id', 'devices.revision'])
    .execute();
  const subscriptions = await tx.db
    .selectFrom('grants')
    .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
    .whereRef('grants.period', '=', 'subscriptions.period')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .select(['grants.subscription_id as id', 'grants.revision'])
    .execute();
  return desiredDigest(devices, subscriptions);
}
