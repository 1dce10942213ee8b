import type { Command } from 'commander';
import { answerOf, inPath } from './client.ts';
import type { Access, Explanation, Reason } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showAccess, showFlag, showTime, showVolume } from './show.ts';
import { renderTable } from './table.ts';

export function addExplainVerb(program: Command, open: OpenSession): void {
  program
    .command('explain <id>')
    .description('why a subscription (by id or account) or a device passes or not, and what mends it')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const explanation = await answerOf(api.GET('/v1/explain/{id}', inPath({ id })));
      print(explanation, () => renderExplanation(explanation));
    });
}

function renderExplanation(explanation: Explanation): string {
  const { kind, id, access, enforcement, verdict, devices, nodes } = explanation;
  return [
    `${kind} ${id} is ${showAccess(access)} (${enforcement})`,
    verdict,
    ...renderReasons(access),
    '',
    renderTable(
      ['device', 'label', 'access', 'handshake on', 'passing on', 'refused on', 'verdict'],
      devices.map((device) => {
        const where = (fact: 'handshake' | 'passing' | 'refused') =>
          device.presence
            .filter((presence) => presence[fact])
            .map(({ node }) => node)
            .join(', ') || '-';
        return [
          device.id,
          device.label ?? '',
          showAccess(device.access),
          where('handshake'),
          where('passing'),
          where('refused'),
          device.verdict,
        ];
      }),
    ),
    '',
    renderTable(
      ['node', 'state', 'connected', 'up to date', 'reserved', 'refused'],
      nodes.map((node) => [
        node.name,
        node.state,
        showFlag(node.connected),
        showFlag(node.upToDate),
        showVolume(node.reservedBytes),
        node.refusals.join('; ') || '-',
      ]),
    ),
  ].join('\n');
}

function renderReasons(access: Access): string[] {
  const lines = (mode: string) => (reason: Reason) => {
    const where =
      reason.nodes === null
        ? 'on every node'
        : `on ${reason.nodes.length === 0 ? 'no node for sure' : reason.nodes.join(', ')}`;
    const what = `${mode} ${where} since ${showTime(reason.since)}: ${reason.text}`;
    return reason.mend === null ? [what] : [what, `  what mends it: ${reason.mend}`];
  };
  return [...access.reasons.flatMap(lines('closed')), ...access.wouldClose.flatMap(lines('would be closed'))];
}
