import type { Command } from 'commander';
import type { Group } from './api.ts';
import { parseCount, parseList } from './arguments.ts';
import type { OpenSession } from './session.ts';
import { renderProperties, renderTable } from './table.ts';

interface Settings {
  readonly enforcement?: string;
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
      const group = await api.send<Group>('POST', '/v1/groups', { name, ...toBody(settings) });
      print(group, () => renderGroup(group));
    },
  );

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const groups = await api.all<Group>('/v1/groups');
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
      const group = await api.get<Group>(path(name));
      print(group, () => renderGroup(group));
    });

  withSettings(family.command('set <group>').description('changes what is given and leaves the rest')).action(
    async (name: string, settings: Settings, command: Command) => {
      const { api, print } = open(command);
      const group = await api.send<Group>('PATCH', path(name), toBody(settings));
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

function toBody({ keepalive, enforcement, dns, mtu, allowedIps }: Settings): object {
  return {
    ...(enforcement === undefined ? {} : { enforcement }),
    ...(dns === undefined ? {} : { dns }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(allowedIps === undefined ? {} : { allowedIps }),
    ...(keepalive === undefined ? {} : { keepaliveSeconds: keepalive }),
  };
}

function path(group: string): string {
  return `/v1/groups/${encodeURIComponent(group)}`;
}

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
