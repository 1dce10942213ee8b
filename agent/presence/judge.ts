import type { DevicePresence } from '../south/ports.ts';
import type { PeerActivity } from '../wireguard/wireguard.ts';

/** WireGuard's reject-after time: an older session carries nothing any more. */
const sessionSeconds = 180;
const passingMs = 10_000;
/** Of WireGuard's own messages; the smallest packet with an inner one is 64 bytes. */
const handshakeBytes = 148n;
const controlBytes = 64n;

/** What was seen of a peer at one look. Times are monotonic milliseconds, but for the handshake. */
export interface Sighting {
  readonly at: number;
  readonly received: bigint;
  readonly sent: bigint;
  readonly latestHandshake: number;
  /** Looks in a row at which it had sent, and the gate had accepted nothing since the look before. */
  readonly refusedLooks: number;
}

export function look(
  before: Sighting | undefined,
  activity: PeerActivity,
  now: number,
  passedAt: number | undefined,
): Sighting {
  const { received, sent, latestHandshake } = activity;
  const sighting = { at: now, received, sent, latestHandshake, refusedLooks: 0 };
  if (before === undefined) return sighting;
  const shaken = latestHandshake !== before.latestHandshake;
  const up = received - before.received - (shaken ? handshakeBytes : 0n);
  const passed = passedAt !== undefined && passedAt >= before.at;
  return {
    ...sighting,
    refusedLooks: up > controlBytes && !passed ? before.refusedLooks + 1 : 0,
  };
}

/** `wallSeconds`: since 1970, as WireGuard counts. */
export function judge(
  deviceId: string,
  sighting: Sighting,
  wallSeconds: number,
  passedAt: number | undefined,
): DevicePresence {
  return {
    deviceId,
    connected: sighting.latestHandshake > 0 && wallSeconds - sighting.latestHandshake < sessionSeconds,
    passing: passedAt !== undefined && sighting.at - passedAt < passingMs,
    // Counters are read at other moments than WireGuard: one look alone may come between the two.
    refused: sighting.refusedLooks >= 2,
  };
}

export function samePresence(left: DevicePresence | undefined, right: DevicePresence): boolean {
  return (
    left !== undefined &&
    left.connected === right.connected &&
    left.passing === right.passing &&
    left.refused === right.refused
  );
}
