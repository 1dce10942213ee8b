import type { Command } from 'commander';
import type { ApiKey } from './api.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { renderTable } from './table.ts';

export function addApiKeyVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('api-key')
    .description('keys for the API over TCP; managed on the unix socket only');

  family
    .command('add <name>')
    .description('makes a key and shows it once')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const added = await api.send<{ apiKey: ApiKey; key: string }>('POST', '/v1/api-keys', { name });
      print(added, () => `key ${name}, shown this once and stored as a hash only: ${added.key}`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const keys = await api.all<ApiKey>('/v1/api-keys');
      print(keys, () =>
        renderTable(
          ['name', 'id', 'made'],
          keys.items.map(({ name, id, createdAt }) => [name, id, showTime(createdAt)]),
        ),
      );
    });

  family
    .command('remove <key>')
    .description('ends a key, by name or id, at once')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const key = await api.send<ApiKey>('DELETE', `/v1/api-keys/${encodeURIComponent(name)}`);
      print(key, () => `key ${key.name} removed`);
    });
}
