import type { Access } from '../catalogue/views.ts';

/** What is seen of one device, over all connected nodes that serve it. */
export interface Sighting {
  readonly node: string;
  readonly handshake: boolean;
  readonly passing: boolean;
  readonly refused: boolean;
}

export interface DeviceSituation {
  readonly access: Access;
  readonly sightings: readonly Sighting[];
  /** Names of the nodes of its group. */
  readonly nodes: readonly string[];
  readonly connectedNodes: readonly string[];
  /** YYYY-MM-DD */
  readonly lastSeenDay: string | null;
}

/** One sentence: is it we, is it the network, or is it well? */
export function judgeDevice(situation: DeviceSituation): string {
  const { access, sightings, nodes, connectedNodes, lastSeenDay } = situation;
  const names = (list: readonly { node: string }[]) => list.map(({ node }) => node).join(', ');
  if (access.state === 'closed') return `closed by us: ${access.reasons.map(({ text }) => text).join('; ')}`;
  const passing = sightings.filter((one) => one.passing);
  if (passing.length > 0) return `open, and its traffic passes on ${names(passing)}`;
  const refused = sightings.filter((one) => one.refused);
  if (refused.length > 0) {
    return `open, but the gate refuses it on ${names(refused)}: no volume is granted there yet; more is on its way unless it is reserved for another node`;
  }
  const shaking = sightings.filter((one) => one.handshake);
  if (shaking.length > 0) {
    return `open and connected to ${names(shaking)}; it is not us: the device sends nothing at the moment`;
  }
  if (nodes.length === 0) return 'open, but the group of its tariff has no node';
  if (connectedNodes.length === 0) {
    return `open, but no node of its group is in contact with the controller (${nodes.join(', ')}); what they see is not known`;
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
  const refused = count((one) => one.refused && !one.passing);
  const parts = [
    `${count((one) => one.handshake)} of ${devices.length} devices connected`,
    `${count((one) => one.passing)} passing traffic`,
    ...(refused > 0 ? [`${refused} refused by the gate for want of granted volume`] : []),
  ];
  return `open: ${parts.join(', ')}`;
}
