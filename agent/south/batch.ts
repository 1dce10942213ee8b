import { desiredDigest } from '../../common/desired-digest.ts';
import type { CaughtUp, Delta } from '../../common/gen/turnpike/v1/sync_pb.ts';
import type { DesiredDelta, NodeSettings } from '../desired/state.ts';
import type { Refusal } from './ports.ts';
import { parseDelta } from './wire.ts';

/** The deltas since the last CaughtUp, parsed. */
export class Batch {
  readonly deltas: DesiredDelta[] = [];
  readonly refusals: Refusal[] = [];

  add(delta: Delta, settings: NodeSettings): void {
    const parsed = parseDelta(delta, settings);
    this.deltas.push(parsed.delta);
    this.refusals.push(...parsed.refusals);
  }

  /**
   * True when the batch alone makes up everything that the node should hold. `from`: the revision after which it was
   * asked for.
   */
  isComplete(from: bigint, { digest }: CaughtUp): boolean {
    if (from !== 0n || this.refusals.length > 0) return false;
    const devices = new Map<string, bigint>();
    const subscriptions = new Map<string, bigint>();
    for (const delta of this.deltas) {
      for (const id of delta.removedDeviceIds) devices.delete(id);
      for (const id of delta.removedSubscriptionIds) subscriptions.delete(id);
      for (const { id, revision } of delta.subscriptions) subscriptions.set(id, revision);
      for (const { id, revision } of delta.devices) devices.set(id, revision);
    }
    const listed = (items: Map<string, bigint>) => Array.from(items, ([id, revision]) => ({ id, revision }));
    return Buffer.from(desiredDigest(listed(devices), listed(subscriptions))).equals(digest);
  }
}
