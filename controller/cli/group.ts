import type { Command } from 'commander';
import { parseCount, parseList } from './arguments.ts';
import { allPages, answerOf, given, inPath } from './client.ts';
import type { Group } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { renderProperties, renderTable } from './table.ts';

interface Settings {
  readonly enforcement?: Group['enforcement'];
  readonly dns?: string[];
  readonly mtu?: number;
  readonly allowedIps?: string[];
  readonly keepalive?: number;
}

export function addGroupVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('group')
    .description('the nodes that a tariff may use, and what their clients are told');

  withSettings(family.command('add <name>').description('adds a group')).action(
    async (name: string, settings: Settings, command: Command) => {
      const { api, print } = open(command);
      const body = { name, ...toBody(settings) };
      const group = await answerOf(api.POST('/v1/groups', { body }));
      print(group, () => renderGroup(group));
    },
  );

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const groups = await allPages((query) => api.GET('/v1/groups', { params: { query } }));
      print(groups, () =>
        renderTable(
          ['group', 'enforcement', 'dns', 'mtu', 'allowed ips', 'keepalive'],
          groups.items.map((group) => [
            group.name,
            group.enforcement,
            group.dns.join(', '),
            String(group.mtu),
            group.allowedIps.join(', '),
            showKeepalive(group),
          ]),
        ),
      );
    });

  family
    .command('show <group>')
    .description('everything about one')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const group = await answerOf(api.GET('/v1/groups/{group}', at(name)));
      print(group, () => renderGroup(group));
    });

  withSettings(family.command('set <group>').description('changes what is given and leaves the rest')).action(
    async (name: string, settings: Settings, command: Command) => {
      const { api, print } = open(command);
      const body = toBody(settings);
      const group = await answerOf(api.PATCH('/v1/groups/{group}', { ...at(name), body }));
      print(group, () => renderGroup(group));
    },
  );
}

function withSettings(command: Command): Command {
  return command
    .option('--enforcement <mode>', 'observe, enforce or inherit')
    .option('--dns <addresses>', 'name servers for clients, with commas between; "" for none', parseList)
    .option('--mtu <bytes>', 'MTU of the tunnel', parseCount)
    .option('--allowed-ips <ranges>', 'what clients send into the tunnel, with commas between', parseList)
    .option('--keepalive <seconds>', 'persistent keepalive of clients; 0 for none', parseCount);
}

function toBody({ keepalive, enforcement, dns, mtu, allowedIps }: Settings) {
  return given({ enforcement, dns, mtu, allowedIps, keepaliveSeconds: keepalive });
}

const at = (group: string) => inPath({ group });

function showKeepalive({ keepaliveSeconds }: Group): string {
  return keepaliveSeconds === 0 ? 'none' : `${keepaliveSeconds} s`;
}

function renderGroup(group: Group): string {
  return renderProperties([
    ['group', group.name],
    ['id', group.id],
    ['enforcement', group.enforcement],
    ['dns', group.dns.join(', ') || 'none'],
    ['mtu', String(group.mtu)],
    ['allowed ips', group.allowedIps.join(', ')],
    ['keepalive', showKeepalive(group)],
  ]);
}
