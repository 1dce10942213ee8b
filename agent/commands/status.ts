import { formatSize } from '../../common/bytes.ts';
import type { Clock } from '../../common/clock.ts';
import { loadIdentity } from '../identity/identity-file.ts';
import { readJournal } from '../journal/journal.ts';
import { emptyState } from '../journal/state.ts';
import { askStatus, statusSocketPath } from '../status/socket.ts';
import { type AgentStatus, describeStatus } from '../status/status.ts';

/**
 * `turnpike-agent status`: asks the agent that runs; when none does, reads what it left.
 * @throws TurnpikeError `not_found` when this machine has not joined
 */
export async function readStatus(stateDirectory: string, clock: Clock): Promise<AgentStatus> {
  const live = await askStatus(statusSocketPath(stateDirectory));
  if (live) return live;
  const identity = await loadIdentity(stateDirectory);
  const state = readJournal(stateDirectory, identity) ?? emptyState();
  return describeStatus(identity, state, clock, undefined);
}

/** The status as lines for people. */
export function printStatus(status: AgentStatus): string[] {
  const { node, controller, desired, gate, process } = status;
  const lines = [
    `node        ${node.name} (${node.id}, incarnation ${node.incarnation})`,
    `agent       ${describeProcess(status)}`,
    `controller  ${controller.address}: ${controller.state}`,
    `grants      ${describeGrants(status)}`,
    `desired     ${desired.devices} devices of ${desired.subscriptions} subscriptions, revision ${desired.revision}`,
    `accepted    ${formatSize(BigInt(gate.uploadBytes))} up, ${formatSize(BigInt(gate.downloadBytes))} down` +
      (gate.writtenOffBytes === '0' ? '' : `; written off ${formatSize(BigInt(gate.writtenOffBytes))}`),
  ];
  if (process) {
    lines.push(`devices     ${process.connected} connected of ${process.peers} in WireGuard`);
    if (process.lastError !== undefined) lines.push(`trouble     ${process.lastError}`);
  }
  if (controller.reportPending) lines.push('report      one waits for the controller');
  for (const { id, reason } of desired.refused) lines.push(`refused     ${id}: ${reason}`);
  return lines;
}

function describeGrants({ controller: { refusesNode, grantsValidUntil } }: AgentStatus): string {
  if (refusesNode) {
    return 'withdrawn: the controller refuses this node, and all devices are closed; join it again with a new token';
  }
  return grantsValidUntil
    ? `valid until ${grantsValidUntil} without the controller`
    : 'not valid: the controller was not heard for too long';
}

function describeProcess({ running, process }: AgentStatus): string {
  if (!running) return 'not running; what is in the kernel goes on as it is';
  return process?.inForce
    ? 'running, and all that is desired is in force'
    : 'running, but not all is in force';
}
