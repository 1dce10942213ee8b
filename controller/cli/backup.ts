import type { Command } from 'commander';
import { formatSize } from '../../common/bytes.ts';
import { answerOf } from './client.ts';
import type { Backup } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { renderTable } from './table.ts';

export function addBackupVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('backup')
    .description("backups of the controller's books (to restore one: turnpike-controller --restore FILE)");

  family
    .command('create')
    .description('writes one while everything goes on, encrypted, and looks through it')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const backup = await answerOf(api.POST('/v1/backups'));
      print(backup, () => renderBackups([backup]));
    });

  family
    .command('list')
    .description('those that are kept, and by when each is gone')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const backups = await answerOf(api.GET('/v1/backups'));
      print(backups, () => [renderBackups(backups.items), ...renderAway(backups.away)].join('\n'));
    });

  family
    .command('verify')
    .description('decrypts one and looks through it')
    .argument('<name>', 'as listed')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const backup = await answerOf(api.POST('/v1/backups/{name}/verify', { params: { path: { name } } }));
      print(backup, () => `${backup.name} is sound; it can be restored with envelope key ${backup.envelope}`);
    });

  family
    .command('forget')
    .description('says that some which are not in the directory are gone for good, wherever they were')
    .argument('<names...>', 'as listed')
    .action(async (names: string[], _options: object, command: Command) => {
      const { api, print } = open(command);
      for (const name of names) {
        await answerOf(api.POST('/v1/backups/{name}/forget', { params: { path: { name } } }));
      }
      print({ names }, () => `forgotten: ${names.join(', ')}`);
    });
}

function renderAway(away: readonly { readonly name: string; readonly goneByAt: string }[]): string[] {
  return away.map(
    ({ name, goneByAt }) => `not in the directory: ${name}, to be gone by ${goneByAt.slice(0, 10)}`,
  );
}

function renderBackups(backups: readonly Backup[]): string {
  return renderTable(
    ['name', 'size', 'envelope key', 'gone by'],
    backups.map(({ name, bytes, envelope, goneByAt }) => [
      name,
      formatSize(BigInt(bytes)),
      envelope,
      goneByAt.slice(0, 10),
    ]),
  );
}
