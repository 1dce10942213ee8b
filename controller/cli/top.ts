import type { Command } from 'commander';
import { answerOf } from './client.ts';
import type { FleetStatus, Heaviest } from './gen/api.ts';
import { nodeTable } from './node-table.ts';
import type { OpenSession } from './session.ts';
import { showBytes, showVolume } from './show.ts';
import { renderTable } from './table.ts';

export function addTopVerb(program: Command, open: OpenSession): void {
  program
    .command('top')
    .description(
      'nodes and the subscriptions that pass most traffic, as they are now; on a screen until interrupted',
    )
    .option('--once', 'look once, also on a screen')
    .action(async (_options: object, command: Command) => {
      const { api, print, terminal } = open(command);
      const [status, heaviest] = await Promise.all([
        answerOf(api.GET('/v1/status')),
        answerOf(api.GET('/v1/heaviest', { params: { query: { limit: 100 } } })),
      ]);
      const rows = terminal.screen?.()?.rows ?? Number.POSITIVE_INFINITY;
      print({ status, heaviest }, () => renderTop(status, heaviest, rows));
    });
}

/** As much of it as there are rows for: all nodes but the last ones, then the heaviest subscriptions. */
function renderTop(status: FleetStatus, heaviest: Heaviest, rows: number): string {
  const connected = status.nodes.filter((node) => node.connected).length;
  // Those who are missed come first.
  const nodes = status.nodes.toSorted((one, other) => Number(one.connected) - Number(other.connected));
  const nodeRows = Math.max(3, Math.min(nodes.length, Math.floor(rows / 2) - 5));
  const restRows = Math.max(3, rows - Math.min(nodes.length, nodeRows) - 6);
  return [
    `${connected} of ${nodes.length} nodes connected, ${status.connectedDevices} devices; ${heaviest.passing} subscriptions pass traffic`,
    '',
    nodeTable(nodes.slice(0, nodeRows)),
    '',
    heaviestTable(heaviest.items.slice(0, restRows)),
  ].join('\n');
}

function heaviestTable(items: Heaviest['items']): string {
  return renderTable(
    ['subscription', 'account', 'tariff', 'now', 'devices', 'key', 'on', 'used', 'remaining'],
    items.map((one) => [
      one.subscriptionId,
      one.accountReference,
      one.tariff,
      `${showBytes(one.bytesPerSecond)}/s`,
      String(one.devices),
      one.sharedKeys === 0 ? '' : `${one.sharedKeys} in two places`,
      one.nodes.join(', '),
      showBytes(one.usedBytes),
      showVolume(one.remainingBytes),
    ]),
  );
}
