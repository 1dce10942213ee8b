import type { Delta } from '../../common/gen/turnpike/v1/sync_pb.ts';
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
}
