import type { Command } from 'commander';
import { answerOf } from './client.ts';
import type { FleetStatus } from './gen/api.ts';
import { nodeTable } from './node-table.ts';
import type { OpenSession } from './session.ts';
import { renderProperties } from './table.ts';

export function addStatusVerb(program: Command, open: OpenSession): void {
  program
    .command('status')
    .description('the fleet at a glance')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const status = await answerOf(api.GET('/v1/status'));
      print(status, () => renderStatus(status));
    });
}

/** After a restore, what nothing is granted before. */
function renderAwaited(nodes: readonly string[]): string | undefined {
  if (nodes.length === 0) return undefined;
  return `nothing is granted before these nodes told what passed: ${nodes.join(', ')} (turnpike doctor)`;
}

function renderHeld(since: string | null): string | undefined {
  if (since === null) return undefined;
  return `since ${since}, nodes keep what they have (turnpike hold release)`;
}

/** After a restore. */
function renderToRotate(keys: readonly string[]): string | undefined {
  if (keys.length === 0) return undefined;
  return `rotated since the backup, and refused until they are rotated again: ${keys.join(', ')}`;
}

function renderStatus(status: FleetStatus): string {
  const connected = status.nodes.filter((node) => node.connected).length;
  return [
    renderProperties([
      ['controller', `turnpike ${status.version}`],
      ['enforcement', status.enforcement],
      ['restored', renderAwaited(status.awaitedNodes)],
      ['held', renderHeld(status.heldAt)],
      ['API keys', renderToRotate(status.keysToRotate)],
      ['nodes', `${status.nodes.length}, ${connected} connected`],
      ['accounts', String(status.accounts)],
      ['subscriptions', String(status.subscriptions)],
      ['devices', `${status.devices}, ${status.connectedDevices} connected`],
      ['addresses', `${status.addressesFree} free in ${status.range4} and ${status.range6}`],
    ]),
    '',
    nodeTable(status.nodes),
  ].join('\n');
}
