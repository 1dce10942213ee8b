import type { DesiredDevice } from '../desired/state.ts';
import { isShared, type Trace } from '../sharing/detector.ts';
import type { DevicePresence } from '../south/ports.ts';
import type { PeerActivity } from '../wireguard/wireguard.ts';
import { isActive, isUploading, type Traffic } from './traffic.ts';

/** WireGuard's reject-after time: an older session carries nothing any more. */
const sessionSeconds = 180;
const passingMs = 10_000;
/** A program that is refused tries again every few seconds, not at every look. */
const refusedMs = 10_000;
/** Of WireGuard's own messages; the smallest packet with an inner one is 64 bytes. */
const handshakeBytes = 148n;
const controlBytes = 64n;

/** What was seen of a peer, at a look before which the gate's counters were read. Times are monotonic milliseconds. */
export interface Sighting {
  readonly at: number;
  readonly received: bigint;
  /** Unix seconds. */
  readonly latestHandshake: number;
  /** Looks at which it had sent, and the gate had accepted nothing since the look before. */
  readonly refusedLooks: number;
  readonly refusedAt: number;
}

/**
 * `readAt`: when the gate's counters were read last. A first look that finds nothing accepted is a hint; the next one counts
 * only once they were read since.
 */
export function look(
  before: Sighting | undefined,
  { received, latestHandshake }: PeerActivity,
  now: number,
  { passedAt, readAt }: { readonly passedAt: number | undefined; readonly readAt: number | undefined },
): Sighting {
  const sighting = { at: now, received, latestHandshake, refusedLooks: 0, refusedAt: now };
  if (before === undefined) return sighting;
  if (before.refusedLooks > 0 && readAt !== undefined && readAt < before.at) return before;
  const shaken = latestHandshake !== before.latestHandshake;
  const up = received - before.received - (shaken ? handshakeBytes : 0n);
  if (passedAt !== undefined && passedAt >= before.at) return sighting;
  if (up > controlBytes) return { ...sighting, refusedLooks: before.refusedLooks + 1 };
  if (now - before.refusedAt >= refusedMs) return sighting;
  return { ...sighting, refusedLooks: before.refusedLooks, refusedAt: before.refusedAt };
}

/** It had sent in vain at this very look. */
export function isRefusal({ refusedLooks, refusedAt, at }: Sighting): boolean {
  return refusedLooks > 0 && refusedAt === at;
}

export interface Evidence {
  readonly sighting: Sighting;
  readonly latestHandshake: number;
  readonly traffic: Traffic | undefined;
  /** When the gate's counters were read last. */
  readonly readAt: number | undefined;
  readonly trace: Trace;
}

/** `now` is monotonic milliseconds, `wallSeconds` since 1970, as WireGuard counts. */
export function judge(
  { id, revision }: Pick<DesiredDevice, 'id' | 'revision'>,
  { sighting, latestHandshake, traffic, readAt, trace }: Evidence,
  now: number,
  wallSeconds: number,
): DevicePresence {
  return {
    deviceId: id,
    deviceRevision: revision,
    connected: latestHandshake > 0 && wallSeconds - latestHandshake < sessionSeconds,
    passing: traffic !== undefined && now - traffic.passedAt < passingMs,
    // Counters are read at other moments than WireGuard: one look alone may come between the two.
    refused: sighting.refusedLooks >= 2,
    active: isActive(traffic, now),
    uploading: isUploading(traffic, readAt ?? now),
    shared: isShared(trace, now),
  };
}

export function absent(deviceId: string): DevicePresence {
  const nothing = { connected: false, passing: false, refused: false };
  return { deviceId, deviceRevision: 0n, ...nothing, active: false, uploading: false, shared: false };
}

/** Another revision alone, which comes with each parking, is nothing to tell. */
export function samePresence(left: DevicePresence, right: DevicePresence): boolean {
  const names = Object.keys(right) as (keyof DevicePresence)[];
  return names.every((name) => name === 'deviceRevision' || left[name] === right[name]);
}
