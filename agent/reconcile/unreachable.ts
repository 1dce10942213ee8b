import { TurnpikeError } from '../../common/errors.ts';
import type { DesiredDevice } from '../desired/state.ts';
import type { GateModel } from '../gate/model.ts';
import type { WireGuard } from '../wireguard/wireguard.ts';
import { withMarks } from './hearing.ts';

/** The gate with each device marked as not heard that WireGuard does not know (any more). */
export async function markUnreachable(
  desired: Iterable<DesiredDevice>,
  gate: GateModel,
  wireguard: WireGuard,
): Promise<GateModel> {
  if (gate.devices.size === 0) return gate;
  const peers = await peersOf(wireguard);
  const marks = new Map<string, boolean>();
  for (const { id, publicKey } of desired) if (!peers.has(publicKey)) marks.set(id, true);
  return withMarks(gate, marks);
}

async function peersOf(wireguard: WireGuard): Promise<ReadonlyMap<string, unknown>> {
  try {
    return await wireguard.peers();
  } catch (error) {
    // No interface yet, or none any more.
    if (error instanceof TurnpikeError && error.code === 'unavailable') return new Map();
    throw error;
  }
}
