import type { Command } from 'commander';
import { answerOf } from './client.ts';
import type { Key } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { renderProperties } from './table.ts';

export function addKeyVerbs(program: Command, open: OpenSession): void {
  const family = program.command('key').description('the key under which secrets and backups are encrypted');

  family
    .command('show')
    .description('which it is, where it comes from, and since when')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const key = await answerOf(api.GET('/v1/key'));
      print(key, () => renderKey(key));
    });

  family
    .command('rotate')
    .description('encrypts all secrets anew under another one; keep a copy of it apart from this machine')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const key = await answerOf(api.POST('/v1/key/rotate'));
      print(key, () => renderKey(key));
    });
}

function renderKey({ envelope, place, former, sinceAt, unfinished }: Key): string {
  return renderProperties([
    ['envelope key', `${envelope}, from ${place}`],
    ['data key since', sinceAt],
    ['former', former.length === 0 ? undefined : former.join(', ')],
    ['rotation', unfinished ? 'was cut short: run "turnpike key rotate" again' : undefined],
  ]);
}
