import { formatSize } from '../../common/bytes.ts';
import type { Access, Reason } from '../catalogue/views.ts';
import {
  areAway,
  describeIdle,
  describeNodes,
  describeNowhere,
  describeRekeyed,
  type GroupNodes,
  type Rekeyed,
} from './node-words.ts';
import type { ReasonCode } from './reason-words.ts';
import { describeSeatMend, describeSeatUse, listNames, type SeatUse } from './seat-words.ts';

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
  /** Its identity is refused: it returns by joining anew. */
  readonly quarantined: boolean;
}

export interface DeviceSituation extends GroupNodes {
  /** As people are told of it. */
  readonly name: string;
  readonly access: Access;
  readonly sightings: readonly Sighting[];
  /** Nodes that have another key since it was added and last seen. */
  readonly rekeyed: readonly Rekeyed[];
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
  const { access, sightings, connectedNodes, awayNodes, lastSeenDay } = situation;
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
  const nowhere = describeNowhere(situation);
  if (nowhere !== undefined) return `open, but ${nowhere}`;
  const idle = describeIdle(situation);
  const rekeyed = describeRekeyed(situation.rekeyed);
  if (awayNodes.length > 0) {
    return `open; no handshake arrives on ${connectedNodes.join(', ')}, but ${awayNodes.join(', ')} ${areAway(awayNodes)}, and whether it is connected there is not known${rekeyed}${idle}; bring back what is out of contact, or let the device use ${connectedNodes.join(' or ')}`;
  }
  const seen = lastSeenDay === null ? 'it was never seen' : `it was last seen on ${lastSeenDay}`;
  // Whose configuration names a node that never joined can reach nobody, and cannot know.
  if (rekeyed !== '') {
    return `open; no handshake arrives on ${connectedNodes.join(', ')}, and ${seen}${rekeyed}${idle}`;
  }
  return idle === ''
    ? `open; it is not us: no handshake arrives on ${connectedNodes.join(', ')}, and ${seen}; check the device's configuration, its clock and its network`
    : `open; no handshake arrives on ${connectedNodes.join(', ')}, and ${seen}${idle}; let the device use ${connectedNodes.join(' or ')}, and check its configuration, its clock and its network`;
}

/** One sentence over a subscription, from its own state and its devices'. `seats`: undefined where they are not limited. */
export function judgeSubscription(
  access: Access,
  devices: readonly DeviceSituation[],
  seats: SeatUse | undefined,
): string {
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
  const parked = devices.filter((one) => closedFor(one, 'seat') !== undefined);
  const punished = devices.flatMap((one) => closedFor(one, 'shared-key') ?? []);
  const parts = [
    `${count((one) => one.handshake)} of ${devices.length} devices connected`,
    `${count((one) => one.passing)} passing traffic`,
    ...(wanting.length > 0 ? [`${wanting.length} refused by the gate for want of granted volume`] : []),
    ...(punished.length > 0 ? [`${punished.length} closed for a key used in two places at once`] : []),
    ...(parked.length > 0 && seats ? [`${parked.length} parked because ${describeSeatUse(seats)}`] : []),
  ];
  const [wants] = wanting;
  const why = [
    (wants && describeWant(wants)) ?? [],
    parked.length > 0 && seats ? describeSeatMend(seats) : [],
    punished.slice(0, 3).flatMap(({ mend }) => mend ?? []),
    describeSharedKeys(devices),
  ].flat();
  const unseen = devices.filter(isUnseen);
  const nodes = first !== undefined && unseen.length > 0 ? describeNodes(first) : '';
  const rekeyed = describeRekeyed(distinct(unseen.flatMap((one) => one.rekeyed)));
  return [`open: ${parts.join(', ')}`, ...why].join('; ') + nodes + rekeyed;
}

const distinct = (list: readonly Rekeyed[]) => [...new Map(list.map((one) => [one.node, one])).values()];

function closedFor({ access }: DeviceSituation, reason: ReasonCode): Reason | undefined {
  return access.reasons.find(({ code }) => code === reason);
}

/** Whose keys look used on two devices; nothing where none does. */
function describeSharedKeys(devices: readonly DeviceSituation[]): string[] {
  const names = devices.flatMap(({ name, sharedKey }) => (sharedKey ? [name] : []));
  if (names.length === 0) return [];
  const keys = names.length === 1 ? 'the key of' : 'each of the keys of';
  return [
    `${keys} ${listNames(names)} looks used in two places at once: give each device a configuration of its own`,
  ];
}

/** It may pass, and is seen on no node. */
function isUnseen({ access, sightings }: DeviceSituation): boolean {
  return access.state === 'open' && !sightings.some(({ handshake }) => handshake);
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

function describeHeld(held: readonly Held[], refundBytes: bigint): string {
  const parts = held.map(({ node, bytes }) => `${formatSize(bytes)} on ${node}`).join(', ');
  const removals = held.map(({ node }) => `"turnpike node remove ${node}"`).join(', ');
  const node = held.length === 1 ? 'that node' : 'those nodes';
  const state = held.every(({ quarantined }) => quarantined)
    ? `${held.length === 1 ? 'is' : 'are'} quarantined`
    : areAway(held);
  const reserved = `the rest of the volume is reserved, ${parts}, which ${state}`;
  if (refundBytes >= held.reduce((sum, { bytes }) => sum + bytes, 0n)) {
    return `${reserved}; it is refunded, and goes when ${node} ${held.length === 1 ? 'returns' : 'return'}: only a top-up mends it`;
  }
  const refunded = refundBytes > 0n ? `; ${formatSize(refundBytes)} of that are still to be refunded` : '';
  return `${reserved}${refunded}; ${describeReturn(held)}, top up, or write it off with ${removals} and top up`;
}

/** What brings them back. */
function describeReturn(held: readonly Held[]): string {
  const lost = held.flatMap(({ node, quarantined }) => (quarantined ? [node] : []));
  const away = held.flatMap(({ node, quarantined }) => (quarantined ? [] : [node]));
  const all = held.length === 1 ? 'that node' : 'those nodes';
  return [
    ...(away.length > 0 ? [`bring ${lost.length === 0 ? all : away.join(', ')} back`] : []),
    ...(lost.length > 0
      ? [`let ${lost.join(', ')} join anew (turnpike node token ${lost[0]} gives the command)`]
      : []),
  ].join(', ');
}
