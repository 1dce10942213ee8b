import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import type { Endpoint } from './transport.ts';

/** The process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const strict = { additionalProperties: false };

const Context = Type.Union([
  Type.Object({ socket: Type.String() }, strict),
  Type.Object({ url: Type.String(), apiKey: Type.String() }, strict),
]);

const Contexts = Type.Object(
  { current: Type.Union([Type.String(), Type.Null()]), contexts: Type.Record(Type.String(), Context) },
  strict,
);

/** The controllers that a person has to do with, by names of their own; `current` is meant where none is named. */
export type Contexts = Static<typeof Contexts>;

const none: Contexts = { current: null, contexts: {} };

/** @throws TurnpikeError when there is a file that is no list of contexts, or that others may read: it holds API keys */
export function readContexts(env: Environment): Contexts {
  const path = pathOf(env);
  if (path === undefined) return none;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return none;
    throw new TurnpikeError(
      'environment',
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new TurnpikeError('environment', `others may read ${path}, and it holds API keys`, {
      remedy: `chmod 600 ${path}, and rotate the keys that were in it`,
    });
  }
  return parse(text, path);
}

export async function writeContexts(env: Environment, contexts: Contexts): Promise<void> {
  const path = pathOf(env);
  if (path === undefined) {
    throw new TurnpikeError('environment', 'there is no place for contexts: HOME is not set', {
      remedy: 'set HOME, or TURNPIKE_CONTEXTS to a file',
    });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomically(path, `${JSON.stringify(contexts, null, 2)}\n`);
}

/** @throws TurnpikeError `not_found` */
export function findContext({ contexts }: Contexts, name: string): Endpoint {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(contexts).join(', ');
  throw new TurnpikeError('not_found', `there is no context ${show(name)}`, {
    remedy: names === '' ? 'turnpike context add makes one' : `there are: ${names}`,
  });
}

function pathOf(env: Environment): string | undefined {
  const { TURNPIKE_CONTEXTS: named, XDG_CONFIG_HOME: configuration, HOME: home } = env;
  if (named) return named;
  const directory = configuration || (home && join(home, '.config'));
  return directory && join(directory, 'turnpike', 'contexts.json');
}

function parse(text: string, path: string): Contexts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Value.Check(Contexts, value)) return value;
  throw new TurnpikeError('environment', `${path} is no list of contexts`, {
    remedy: 'move it away, and add them again with turnpike context add',
  });
}
