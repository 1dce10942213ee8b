import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import { type Contexts, findContext, readContexts, writeContexts } from './contexts.ts';
import { type OpenSession, readSecret, type Session } from './session.ts';
import { renderTable } from './table.ts';
import { describeEndpoint, type Endpoint } from './transport.ts';

export function addContextVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('context')
    .description(
      'several controllers, each by a name of your own; with --context NAME a verb is for that one',
    );

  family
    .command('add <name>')
    .description('keeps what --socket or --url says, and the API key, in a file that only you may read')
    .option('--api-key-file <path>', 'the API key ("-": from standard input; default: TURNPIKE_API_KEY)')
    .action(async (name: string, options: { apiKeyFile?: string }, command: Command) => {
      const session = open(command);
      const { terminal, print } = session;
      const all = readContexts(terminal.env);
      if (Object.hasOwn(all.contexts, name)) {
        throw new TurnpikeError('conflict', `there is a context ${show(name)} already`, {
          remedy: `turnpike context remove ${name} first`,
        });
      }
      const added = await contextOf(session, options.apiKeyFile);
      const contexts = { ...all.contexts, [name]: added };
      await writeContexts(terminal.env, { current: all.current ?? name, contexts });
      print(listed({ current: all.current ?? name, contexts }), () => `context ${name} added`);
    });

  family
    .command('use <name>')
    .description('which one is meant from now on where none is named')
    .action(async (name: string, _options: object, command: Command) => {
      const { terminal, print } = open(command);
      const all = readContexts(terminal.env);
      findContext(all, name);
      await writeContexts(terminal.env, { ...all, current: name });
      print(listed({ ...all, current: name }), () => `from now on: ${name}`);
    });

  family
    .command('list')
    .description('lists them all; keys are not shown')
    .action((_options: object, command: Command) => {
      const { terminal, print } = open(command);
      const page = listed(readContexts(terminal.env));
      print(page, () =>
        renderTable(
          ['context', 'controller', 'in use'],
          page.items.map(({ name, controller, current }) => [name, controller, current ? 'yes' : '']),
        ),
      );
    });

  family
    .command('remove <name>')
    .description('forgets it, and its API key here; on the controller the key goes on')
    .action(async (name: string, _options: object, command: Command) => {
      const { terminal, print } = open(command);
      const all = readContexts(terminal.env);
      findContext(all, name);
      const contexts = Object.fromEntries(Object.entries(all.contexts).filter(([one]) => one !== name));
      const left = { current: all.current === name ? null : all.current, contexts };
      await writeContexts(terminal.env, left);
      print(listed(left), () => `context ${name} removed`);
    });
}

async function contextOf({ terminal, given }: Session, keyFile: string | undefined) {
  if (given === undefined) {
    throw new TurnpikeError('invalid', 'a context needs a controller', {
      remedy: 'give --url URL, or --socket PATH',
    });
  }
  if ('socket' in given) return given;
  const apiKey = keyFile === undefined ? given.apiKey : await readSecret(terminal, 'API key', keyFile);
  if (apiKey) return { url: given.url, apiKey };
  throw new TurnpikeError('invalid', 'a controller at a URL needs an API key', {
    remedy: 'give --api-key-file PATH, or set TURNPIKE_API_KEY',
  });
}

function listed({ current, contexts }: Contexts) {
  const items = Object.entries(contexts).map(([name, endpoint]: [string, Endpoint]) => ({
    name,
    controller: describeEndpoint(endpoint),
    current: name === current,
  }));
  return { items };
}
