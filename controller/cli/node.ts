import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { allPages, answerOf, inPath } from './client.ts';
import type { JoinTicket, Node } from './gen/api.ts';
import { nodeTable } from './node-table.ts';
import type { OpenSession } from './session.ts';
import { renderNotCovered, showFlag, showTime } from './show.ts';
import { renderProperties } from './table.ts';

interface AddOptions extends SetOptions {
  readonly endpoint: string;
}

interface SetOptions {
  readonly name?: string;
  readonly endpoint?: string;
  readonly group?: string;
  readonly multiplier?: number;
}

export function addNodeVerbs(program: Command, open: OpenSession): void {
  const family = program.command('node').description('the VPN servers');

  family
    .command('add <name>')
    .description('adds a node and prints the one command that joins it')
    .requiredOption('--endpoint <host:port>', 'where clients reach it')
    .option('--group <name>', 'the group it is in (default: "default")')
    .option('--multiplier <factor>', 'what a byte on it counts, such as 1.5 (default: 1)', parseFactor)
    .action(async (name: string, options: AddOptions, command: Command) => {
      const { api, print } = open(command);
      const ticket = await answerOf(api.POST('/v1/nodes', { body: { name, ...options } }));
      print(ticket, () => renderTicket(ticket, `node ${ticket.node.name} added`));
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const nodes = await allPages((query) => api.GET('/v1/nodes', { params: { query } }));
      print(nodes, () => nodeTable(nodes.items));
    });

  family
    .command('show <node>')
    .description('everything about one')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const node = await answerOf(api.GET('/v1/nodes/{node}', at(name)));
      print(node, () => renderNode(node));
    });

  family
    .command('set <node>')
    .description('changes what is given; a new endpoint is for new configurations, old ones keep the old one')
    .option('--name <name>', 'another name')
    .option('--endpoint <host:port>', 'where clients reach it')
    .option('--group <name>', 'the group that it serves')
    .option('--multiplier <factor>', 'what a byte on it counts, from each next period on', parseFactor)
    .action(async (name: string, options: SetOptions, command: Command) => {
      const { api, print } = open(command);
      if (Object.keys(options).length === 0) {
        throw new TurnpikeError('invalid', 'nothing is given that should change', {
          remedy: 'see turnpike node set --help',
        });
      }
      const node = await answerOf(api.PATCH('/v1/nodes/{node}', { ...at(name), body: options }));
      print(node, () => renderNode(node));
    });

  family
    .command('move <node>')
    .description('puts it into another group')
    .requiredOption('--group <name>', 'the new group')
    .action(async (name: string, { group }: { group: string }, command: Command) => {
      const { api, print } = open(command);
      const node = await answerOf(api.PATCH('/v1/nodes/{node}', { ...at(name), body: { group } }));
      print(node, () => `node ${node.name} is in group ${node.group}`);
    });

  family
    .command('token <node>')
    .description('a new join token: after a reinstallation, or when the first one expired')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const ticket = await answerOf(api.POST('/v1/nodes/{node}/token', at(name)));
      print(ticket, () => renderTicket(ticket, `new join token for node ${ticket.node.name}`));
    });

  family
    .command('remove <node>')
    .description('revokes it at once; what it had left of any volume is written off')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const node = await answerOf(api.DELETE('/v1/nodes/{node}', at(name)));
      print(node, () => [`node ${node.name} removed`, ...renderNotCovered(node)].join('\n'));
    });
}

function parseFactor(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new TurnpikeError('invalid', `--multiplier: "${text}" is not a number`, {
    remedy: 'write such as 1.5',
  });
}

const at = (node: string) => inPath({ node });

function renderTicket(ticket: JoinTicket, head: string): string {
  return [
    head,
    `on that machine, until ${showTime(ticket.expiresAt)}, run:`,
    '',
    `  ${ticket.joinCommand}`,
  ].join('\n');
}

function renderNode(node: Node): string {
  return renderProperties([
    ['node', node.name],
    ['id', node.id],
    ['endpoint', node.endpoint],
    ['group', node.group],
    ['multiplier', node.multiplier === 1 ? undefined : String(node.multiplier)],
    ['state', node.state],
    ['connected', showFlag(node.connected)],
    ['last contact', node.lastContactAt === null ? undefined : showTime(node.lastContactAt)],
    ['devices', `${node.connectedDevices} connected`],
    ['applied', node.appliedRevision === null ? undefined : `revision ${node.appliedRevision}`],
    ['public key', node.publicKey ?? undefined],
    ['key changed', node.keyChangedAt === null ? undefined : showTime(node.keyChangedAt)],
    ['driver', node.driver ?? undefined],
    ['IPv6', node.ipv6 === null ? undefined : showFlag(node.ipv6)],
    ['agent', node.agentVersion ?? undefined],
    [
      'certificate',
      node.certificateExpiresAt === null ? undefined : `until ${showTime(node.certificateExpiresAt)}`,
    ],
    ['incarnation', node.incarnation === 0 ? undefined : String(node.incarnation)],
    ...node.refusals.map(({ id, reason }) => ['refused', `${id}: ${reason}`] as const),
  ]);
}
