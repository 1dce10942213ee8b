import type { Command } from 'commander';
import { parseSize } from '../../common/bytes.ts';
import { parseCount, parseList } from './arguments.ts';
import { allPages, answerOf, given, inPath } from './client.ts';
import type { ApiKey } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { renderNotCovered, showBytes, showTime } from './show.ts';
import { renderTable } from './table.ts';

interface Settings {
  readonly budget?: string;
  readonly tag?: string;
  readonly expires?: string;
}

interface Scopes {
  readonly scopes: ApiKey['scopes'];
}

const scopesText = 'what it may do, such as read,nodes: read, support, subscriptions, nodes, admin';

export function addApiKeyVerbs(program: Command, open: OpenSession): void {
  const family = program.command('api-key').description('keys for the API over TCP, each with its scopes');

  withSettings(family.command('add <name>').requiredOption('--scopes <list>', scopesText, parseList))
    .description('makes a key and shows it once')
    .action(async (name: string, settings: Settings & Scopes, command: Command) => {
      const { api, print } = open(command);
      const body = { name, scopes: settings.scopes, ...toBody(settings) };
      const added = await answerOf(api.POST('/v1/api-keys', { body }));
      print(added, () => `key ${name}, shown this once and stored as a hash only: ${added.key}`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const keys = await allPages((query) => api.GET('/v1/api-keys', { params: { query } }));
      print(keys, () => keyTable(keys.items));
    });

  family
    .command('show <key>')
    .description('one of them, by name or id; the key itself is kept nowhere')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const key = await answerOf(api.GET('/v1/api-keys/{key}', at(name)));
      print(key, () => keyTable([key]));
    });

  withSettings(family.command('set <key>').option('--scopes <list>', scopesText, parseList))
    .description('changes what is given')
    .action(async (name: string, settings: Settings & Partial<Scopes>, command: Command) => {
      const { api, print } = open(command);
      const body = { ...given({ scopes: settings.scopes }), ...toBody(settings) };
      const key = await answerOf(api.PATCH('/v1/api-keys/{key}', { ...at(name), body }));
      print(key, () => keyTable([key]));
    });

  family
    .command('rotate <key>')
    .description('makes another key in its place and shows it once; the old one goes on for a day')
    .option('--overlap <seconds>', 'how long the old one goes on; 0: it ends now', parseCount)
    .action(async (name: string, { overlap }: { overlap?: number }, command: Command) => {
      const { api, print } = open(command);
      const body = given({ overlapSeconds: overlap });
      const rotated = await answerOf(api.POST('/v1/api-keys/{key}/rotate', { ...at(name), body }));
      print(rotated, () =>
        [
          `key ${name}, shown this once and stored as a hash only: ${rotated.key}`,
          ...renderNotCovered(rotated),
        ].join('\n'),
      );
    });

  family
    .command('remove <key>')
    .description('ends a key, by name or id, at once')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const key = await answerOf(api.DELETE('/v1/api-keys/{key}', at(name)));
      print(key, () => [`key ${key.name} removed`, ...renderNotCovered(key)].join('\n'));
    });
}

function withSettings(command: Command): Command {
  return command
    .option('--budget <size>', 'volume that it may sell, ever, such as 100GB, or "unlimited"')
    .option('--tag <tag>', 'confines it to accounts with this tag, or "none"')
    .option('--expires <date>', 'a date or a time from which it is refused, or "never"');
}

function toBody({ budget, tag, expires }: Settings) {
  return given({
    tag: tag === 'none' ? null : tag,
    budgetBytes: budget === 'unlimited' ? null : budget && String(parseSize(budget)),
    expires: expires === 'never' ? null : expires,
  });
}

function keyTable(keys: readonly ApiKey[]): string {
  return renderTable(
    ['name', 'id', 'scopes', 'tag', 'budget', 'expires', 'last used', 'made'],
    keys.map((key) => [
      key.name,
      key.id,
      key.scopes.join(', '),
      key.tag ?? '',
      key.budgetBytes === null ? '' : `${showBytes(key.soldBytes)} of ${showBytes(key.budgetBytes)}`,
      key.expiresAt === null ? '' : showTime(key.expiresAt),
      key.toRotate ? 'rotate it' : (key.lastUsedDay ?? ''),
      showTime(key.createdAt),
    ]),
  );
}

const at = (key: string) => inPath({ key });
