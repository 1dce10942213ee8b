import type { FastifySchemaCompiler } from 'fastify';
import { IsBoolean, IsInteger, IsObject, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { findViolations } from '../../common/violation.ts';
import { InvalidRequest } from './problem.ts';

/**
 * Bodies are taken as they are: nothing is converted, nothing unknown dropped. Query and path are text, so whole numbers and
 * yes or no are read as such there, as JSON writes them.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request');
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : readText(schema, Value.Default(schema, given));
    if (compiled.Check(value)) return { value };
    return { error: new InvalidRequest(part, findViolations(schema, value)) };
  };
};

/** What is not written so stays text, and is refused. (`Value.Convert` would take "true" for 1.) */
function readText(schema: TSchema, given: unknown): unknown {
  if (!IsObject(schema) || typeof given !== 'object' || given === null) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      const property: TSchema | undefined = schema.properties[name];
      if (property === undefined || typeof text !== 'string') return [name, text];
      if (IsInteger(property) && /^-?\d{1,15}$/.test(text)) return [name, Number(text)];
      if (IsBoolean(property) && /^(true|false)$/.test(text)) return [name, text === 'true'];
      return [name, text];
    }),
  );
}
