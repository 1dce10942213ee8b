import { formatSize } from '../../common/bytes.ts';
import type { Access } from '../catalogue/views.ts';

/** What is seen of one device, over all connected nodes that serve it. */
export interface Sighting {
  readonly node: string;
  readonly handshake: boolean;
  readonly passing: boolean;
  readonly refused: boolean;
}

/** What a node out of contact holds of a subscription's volume: only its next report frees it. */
export interface Held {
  readonly node: string;
  readonly bytes: bigint;
}

export interface DeviceSituation {
  readonly access: Access;
  readonly sightings: readonly Sighting[];
  /** Names of the nodes of its group. */
  readonly nodes: readonly string[];
  readonly connectedNodes: readonly string[];
  /** Of those, the ones that were there once and are out of contact now: they may serve it unseen. */
  readonly awayNodes: readonly string[];
  /** Names of those that never joined. */
  readonly waitingNodes: readonly string[];
  /** Empty while there is volume to grant. */
  readonly held: readonly Held[];
  /** Of what is held, what goes to pending refunds. */
  readonly refundBytes: bigint;
  /** Names of the nodes that must tell what passed before a restore; empty when nothing is granted to it anyhow. */
  readonly awaited: readonly string[];
  /** YYYY-MM-DD */
  readonly lastSeenDay: string | null;
  /** Its key looks used on two devices at once. */
  readonly sharedKey: boolean;
}

/** One sentence: is it we, is it the network, or is it well? */
export function judgeDevice(situation: DeviceSituation): string {
  return judgePassing(situation) + (situation.sharedKey ? sharedKeyNote : '');
}

const sharedKeyNote =
  '; its key looks used in two places at once: give each device a configuration of its own';

function judgePassing(situation: DeviceSituation): string {
  const { access, sightings, nodes, connectedNodes, awayNodes, waitingNodes, lastSeenDay } = situation;
  const names = (list: readonly { node: string }[]) => list.map(({ node }) => node).join(', ');
  if (access.state === 'closed') return `closed by us: ${access.reasons.map(({ text }) => text).join('; ')}`;
  const passing = sightings.filter((one) => one.passing);
  if (passing.length > 0) return `open, and its traffic passes on ${names(passing)}`;
  const refused = sightings.filter((one) => one.refused);
  if (refused.length > 0) {
    const why = describeWant(situation) ?? 'no volume is granted there yet; more is on its way';
    return `open, but the gate refuses it on ${names(refused)}: ${why}`;
  }
  const shaking = sightings.filter((one) => one.handshake);
  if (shaking.length > 0) {
    return `open and connected to ${names(shaking)}; it is not us: the device sends nothing at the moment`;
  }
  if (nodes.length === 0) return 'open, but the group of its tariff has no node';
  if (waitingNodes.length === nodes.length) {
    return `open, but no node of its group has joined (${nodes.join(', ')}): turnpike node token ${nodes[0]} gives the command to join`;
  }
  if (connectedNodes.length === 0) {
    return `open, but no node of its group is in contact with the controller (${nodes.join(', ')}); what they see is not known`;
  }
  if (awayNodes.length > 0) {
    return `open; no handshake arrives on ${connectedNodes.join(', ')}, but ${awayNodes.join(', ')} ${areAway(awayNodes)}, and whether it is connected there is not known; bring back what is out of contact, or let the device use ${connectedNodes.join(' or ')}`;
  }
  const seen = lastSeenDay === null ? 'it was never seen' : `it was last seen on ${lastSeenDay}`;
  return `open; it is not us: no handshake arrives on ${connectedNodes.join(', ')}, and ${seen}; check the device's configuration, its clock and its network`;
}

/** One sentence over a subscription, from its own state and its devices'. */
export function judgeSubscription(access: Access, devices: readonly DeviceSituation[]): string {
  if (access.state === 'closed') return `closed by us: ${access.reasons.map(({ text }) => text).join('; ')}`;
  if (devices.length === 0) return 'open, but it has no device';
  const [first] = devices;
  if (devices.length === 1 && first) return judgeDevice(first);
  const count = (test: (sighting: Sighting) => boolean) =>
    devices.filter(({ sightings }) => sightings.some(test)).length;
  // The gate refuses also what is closed, which wants no volume.
  const wanting = devices.filter(
    ({ access: own, sightings }) => own.state === 'open' && isRefused(sightings),
  );
  const parked = devices.flatMap(({ access: own }) => own.reasons.find(({ code }) => code === 'seat') ?? []);
  const parts = [
    `${count((one) => one.handshake)} of ${devices.length} devices connected`,
    `${count((one) => one.passing)} passing traffic`,
    ...(wanting.length > 0 ? [`${wanting.length} refused by the gate for want of granted volume`] : []),
    ...(parked.length > 0 ? [`${parked.length} parked because all connections are in use`] : []),
  ];
  const [wants] = wanting;
  const why = [(wants && describeWant(wants)) ?? [], parked[0]?.mend ?? []].flat();
  return [`open: ${parts.join(', ')}`, ...why].join('; ');
}

/** On some node, and passing on none. */
function isRefused(sightings: readonly Sighting[]): boolean {
  return sightings.some(({ refused }) => refused) && !sightings.some(({ passing }) => passing);
}

/** Why nothing is granted where it is wanted; undefined where more is on its way. */
function describeWant({ awaited, held, refundBytes }: DeviceSituation): string | undefined {
  if (awaited.length > 0) {
    const removals = awaited.map((node) => `"turnpike node remove ${node}"`).join(', ');
    return `the controller was restored from a backup, and grants nothing before ${awaited.join(', ')} told what passed since; bring back what is out of contact, or write it off with ${removals}`;
  }
  return held.length > 0 ? describeHeld(held, refundBytes) : undefined;
}

const areAway = (list: readonly unknown[]) => `${list.length === 1 ? 'is' : 'are'} out of contact`;

function describeHeld(held: readonly Held[], refundBytes: bigint): string {
  const parts = held.map(({ node, bytes }) => `${formatSize(bytes)} on ${node}`).join(', ');
  const removals = held.map(({ node }) => `"turnpike node remove ${node}"`).join(', ');
  const node = held.length === 1 ? 'that node' : 'those nodes';
  const reserved = `the rest of the volume is reserved, ${parts}, which ${areAway(held)}`;
  if (refundBytes >= held.reduce((sum, { bytes }) => sum + bytes, 0n)) {
    return `${reserved}; it is refunded, and goes when ${node} ${held.length === 1 ? 'returns' : 'return'}: only a top-up mends it`;
  }
  return `${reserved}; bring ${node} back, top up, or write it off with ${removals} and top up`;
}
