import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import type { Static, TObject, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { TurnpikeError } from './errors.ts';
import { findViolations } from './violation.ts';

/**
 * Reads a TOML file and checks it against a schema. Missing keys get the schema's defaults; unknown keys, wrong types
 * and wrong values are refused, with file and key named.
 * @throws TurnpikeError `invalid`
 */
export function readConfig<Schema extends TObject>(path: string, schema: Schema): Static<Schema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new TurnpikeError('invalid', `the configuration file ${path} cannot be read: ${code}`, {
      remedy: 'create it, or name another one with --config',
    });
  }
  return parseConfig(path, text, schema);
}

/** {@link readConfig} on text; `path` is for the messages only. */
export function parseConfig<Schema extends TObject>(
  path: string,
  text: string,
  schema: Schema,
): Static<Schema> {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.split('\n');
    throw new TurnpikeError('invalid', `${path} is not TOML: ${what}`, {
      remedy: `see line ${error.line}, column ${error.column}`,
    });
  }
  const value = Value.Default(schema, raw);
  const first = findViolations(schema, value)[0];
  if (first === undefined) return value as Static<Schema>;
  const place = first.pointer.slice(1).split('/');
  const known = keysBeside(schema, place);
  throw new TurnpikeError('invalid', `${path}: ${place.join('.')} ${first.message}`, {
    ...(!known.includes(place.at(-1) ?? '') && { remedy: `known there: ${known.join(', ')}` }),
  });
}

/** The keys that a schema has where this one is, or would be. */
function keysBeside(schema: TObject, place: readonly string[]): string[] {
  let table: TSchema = schema;
  for (const key of place.slice(0, -1)) table = (table as Partial<TObject>).properties?.[key] ?? table;
  return Object.keys((table as Partial<TObject>).properties ?? {});
}
