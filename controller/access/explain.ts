import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import { type CurrentStanding, currentPeriodIn, loadStandings } from '../accounting/standings.ts';
import { awaitedNodes } from '../accounting/term.ts';
import type { Context } from '../books/context.ts';
import { utcDayOf } from '../calendar/utc-day.ts';
import { loadDevices } from '../catalogue/device-view.ts';
import { findDevice, findSubscription, findTariffsOf } from '../catalogue/find.ts';
import { loadNodes } from '../catalogue/node-view.ts';
import { loadPendingRefunds } from '../catalogue/refund.ts';
import { loadSubscription } from '../catalogue/subscription-view.ts';
import type { Access, Device, Explanation, Node, NodeExplanation, Subscription } from '../catalogue/views.ts';
import type { Tx } from '../store/store.ts';
import { isUnstarted, listAway, loadAwayNodes } from './away-nodes.ts';
import type { IdleNode, Rekeyed } from './node-words.ts';
import {
  describeExpired,
  describeGrace,
  describeRefunds,
  describeSlowness,
  describeWrittenOff,
} from './notes.ts';
import { packet } from './reason-words.ts';
import { readRenewalTerms } from './renewal-words.ts';
import { loadSeatsTaken } from './seat-reasons.ts';
import { nameDevice, type SeatUse } from './seat-words.ts';
import { describeUnheard, placeReasons } from './unheard.ts';
import { type DeviceSituation, type Held, judgeDevice, judgeSubscription } from './verdict.ts';

export function explain(context: Context, id: string): Promise<Explanation> {
  return context.store.transaction(async (tx) => {
    if (id.startsWith('sub_')) {
      await findSubscription(tx, id);
      return explainSubscription(context, tx, await loadSubscription(tx, id));
    }
    if (id.startsWith('dev_')) return explainDevice(context, tx, id);
    throw new TurnpikeError('invalid', `${show(id)} is neither a subscription nor a device`, {
      remedy: 'give an id that begins with sub_ or dev_',
    });
  });
}

async function explainSubscription(
  context: Context,
  tx: Tx,
  subscription: Subscription,
): Promise<Explanation> {
  const ids = await tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', subscription.id)
    .where('removed_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .select('id')
    .execute();
  const { nodes, explained, notes, want, throttles } = await lookAround(context, tx, subscription);
  const { place, describe } = await findUnheard(context, tx, subscription, nodes, { throttles });
  const loaded = await loadDevices(
    context,
    tx,
    ids.map(({ id }) => id),
  );
  const devices = loaded.map((device) => ({ ...device, access: place(device.access) }));
  const situations = devices.map((device) => situationOf(context, device, nodes, want));
  return {
    id: subscription.id,
    kind: 'subscription',
    access: place(subscription.access),
    enforcement: subscription.enforcement,
    verdict:
      judgeSubscription(subscription.access, situations, await seatUse(context, tx, subscription, devices)) +
      describe(subscription.access) +
      notes,
    devices: devices.map((device, n) => explainOne(device, situations[n] as DeviceSituation)),
    nodes: explained,
  };
}

/** undefined: any number may connect. */
async function seatUse(
  context: Context,
  tx: Tx,
  { id, maxConnections: limit }: Subscription,
  devices: readonly Device[],
): Promise<SeatUse | undefined> {
  if (limit === null) return undefined;
  const taken = (await loadSeatsTaken(context, tx, [id])).get(id);
  const { holders = [], policy = 'reject-new', sharedKey } = taken ?? {};
  const needTwo = devices.flatMap((one) =>
    sharedKey === 'count' && one.sharedKey && one.seatNode === null ? [one.id] : [],
  );
  return { limit, holders, policy, needTwo };
}

async function explainDevice(context: Context, tx: Tx, id: string): Promise<Explanation> {
  await findDevice(tx, id);
  const [loaded] = (await loadDevices(context, tx, [id])) as [Device];
  const subscription = await loadSubscription(tx, loaded.subscriptionId);
  const { nodes, explained, notes, want, throttles } = await lookAround(context, tx, subscription);
  const unheard = await findUnheard(context, tx, subscription, nodes, { deviceId: id, throttles });
  const device = { ...loaded, access: unheard.place(loaded.access) };
  const situation = situationOf(context, device, nodes, want);
  return {
    id,
    kind: 'device',
    access: device.access,
    enforcement: subscription.enforcement,
    verdict: judgeDevice(situation) + unheard.describe(device.access) + notes,
    devices: [explainOne(device, situation)],
    nodes: explained,
  };
}

/** Where what is closed may pass for want of contact. `deviceId`: of that device alone. */
async function findUnheard(
  context: Context,
  tx: Tx,
  subscription: Subscription,
  nodes: readonly Node[],
  options: { readonly deviceId?: string; readonly throttles: boolean },
) {
  const now = context.clock.now();
  const away = await loadAwayNodes(context, tx, subscription, nodes, options);
  const serving = nodes.flatMap(({ name, state }) => (state === 'waiting' ? [] : [name]));
  return {
    place: (access: Access) => placeReasons(access, serving, away, now),
    describe: (access: Access) => describeUnheard(access, away, now),
  };
}

/** What is the same for all devices of a subscription. */
async function lookAround(context: Context, tx: Tx, subscription: Subscription) {
  const nodes = await loadGroupNodes(context, tx, subscription);
  const explained = await explainNodes(context, tx, subscription, nodes);
  const refunds = await loadPendingRefunds(tx, subscription.id);
  const want = {
    held: heldElsewhere(subscription, explained),
    refundBytes: refunds.rest,
    awaited: await awaitedFor(tx, subscription),
  };
  const standing = (await loadStandings(tx, [subscription.id])).get(subscription.id) as CurrentStanding;
  const { inForce, service } = await describeService(context, tx, subscription, standing);
  const holders = holdersOf(explained);
  return {
    nodes,
    explained,
    want,
    throttles: inForce.throttle_bits_per_second !== null,
    notes:
      service +
      describeRefunds(subscription, refunds, holders) +
      describeExpired(subscription, standing.heldOfExpired, holders),
  };
}

function explainOne(device: Device, situation: DeviceSituation): Explanation['devices'][number] {
  return {
    id: device.id,
    label: device.label,
    access: device.access,
    verdict: judgeDevice(situation),
    presence: situation.sightings,
  };
}

/** By the tariff in force, what is to be known beside the verdict: of slowness, grace and lost volume. */
async function describeService(
  { clock }: Context,
  tx: Tx,
  subscription: Subscription,
  standing: CurrentStanding,
) {
  const row = await findSubscription(tx, subscription.id);
  const { inForce, next } = await findTariffsOf(tx, row);
  const renewal = readRenewalTerms(row, currentPeriodIn(standing), inForce, next);
  const service =
    describeSlowness(subscription, inForce.throttle_bits_per_second, renewal) +
    describeGrace(subscription, renewal, clock.now()) +
    describeWrittenOff(subscription);
  return { inForce, service };
}

/** Names of the nodes that hold some of its volume. */
function holdersOf(nodes: readonly NodeExplanation[]): readonly string[] {
  return nodes.flatMap(({ name, reservedBytes }) => ((reservedBytes ?? 0n) > 0n ? [name] : []));
}

/** What nodes out of contact hold, once nothing is left to grant to the others. */
function heldElsewhere(
  { remainingBytes, reservedBytes }: Subscription,
  nodes: readonly NodeExplanation[],
): readonly Held[] {
  if (remainingBytes === null || remainingBytes - reservedBytes >= packet) return [];
  return nodes.flatMap(({ name, connected, state, reservedBytes: bytes }) =>
    connected || bytes === null || bytes <= 0n
      ? []
      : [{ node: name, bytes, quarantined: state === 'quarantined' }],
  );
}

/** After a restore, whom its grants wait for; an unlimited one needs none. */
async function awaitedFor(tx: Tx, { volumeBytes }: Subscription): Promise<readonly string[]> {
  return volumeBytes === null ? [] : awaitedNodes(tx);
}

function situationOf(
  { live }: Context,
  device: Device,
  nodes: readonly Node[],
  want: Pick<DeviceSituation, 'held' | 'refundBytes' | 'awaited'>,
): DeviceSituation {
  return {
    name: nameDevice(device),
    access: device.access,
    nodes: nodes.map(({ name }) => name),
    connectedNodes: nodes.filter(({ connected }) => connected).map(({ name }) => name),
    awayNodes: listAway(nodes).map(({ name }) => name),
    idleNodes: nodes.flatMap((node) => idleNode(node) ?? []),
    ...want,
    rekeyed: rekeyedSince(device, nodes),
    lastSeenDay: device.lastSeenDay,
    sharedKey: device.sharedKey,
    sightings: nodes.flatMap((node) => {
      const seen = live.presence(node.id, device.id);
      if (seen === undefined) return [];
      return { node: node.name, handshake: seen.connected, passing: seen.passing, refused: seen.refused };
    }),
  };
}

/** undefined: it serves, or may. */
function idleNode(node: Node): IdleNode | undefined {
  const { name, state } = node;
  if (state !== 'enrolled') return { name, state };
  return isUnstarted(node) ? { name, state: 'unstarted' } : undefined;
}

/** Of whose key its configuration may not know. It is known of the day alone when it was seen, and not where. */
function rekeyedSince({ createdAt, lastSeenDay }: Device, nodes: readonly Node[]): Rekeyed[] {
  return nodes.flatMap(({ name, keyChangedAt: at }) => {
    if (at === null || at < createdAt) return [];
    const seenSince = lastSeenDay !== null && lastSeenDay > utcDayOf(at);
    return seenSince ? [] : [{ node: name, at }];
  });
}

async function loadGroupNodes(context: Context, tx: Tx, { id }: Subscription): Promise<Node[]> {
  const rows = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('nodes', 'nodes.group_id', 'tariffs.group_id')
    .where('subscriptions.id', '=', id)
    .where('nodes.removed_at', 'is', null)
    .select('nodes.id')
    .execute();
  return loadNodes(
    context,
    tx,
    rows.map((row) => row.id),
  );
}

async function explainNodes(
  context: Context,
  tx: Tx,
  subscription: Subscription,
  nodes: readonly Node[],
): Promise<NodeExplanation[]> {
  const grants = await tx.db
    .selectFrom('grants')
    .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
    .whereRef('grants.period', '=', 'subscriptions.period')
    .where('subscription_id', '=', subscription.id)
    .where('ended', '=', 0)
    .select(['node_id', 'granted', 'used', 'written_off', 'released', 'revision'])
    .execute();
  const devices = await tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', subscription.id)
    .orderBy('revision', 'desc')
    .select(['id', 'revision'])
    .execute();
  const newest = devices[0]?.revision ?? 0n;
  return nodes.map((node) => {
    const grant = grants.find((row) => row.node_id === node.id);
    const wanted = grant !== undefined && grant.revision > newest ? grant.revision : newest;
    const refusals = context.live.node(node.id)?.refusals ?? new Map<string, string>();
    return {
      name: node.name,
      connected: node.connected,
      state: node.state,
      upToDate: node.connected && node.appliedRevision !== null && node.appliedRevision >= wanted,
      reservedBytes:
        subscription.volumeBytes === null
          ? null
          : grant
            ? grant.granted - grant.used - grant.written_off - grant.released
            : 0n,
      refusals: [subscription, ...devices].flatMap(({ id }) => refusals.get(id) ?? []),
    };
  });
}
