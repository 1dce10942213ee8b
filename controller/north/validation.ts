import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { findViolations } from '../../common/violation.ts';
import { InvalidRequest } from './problem.ts';

/**
 * Bodies are taken as they are: nothing is converted, nothing unknown dropped. Query and path are text, so numbers in
 * them are read as such.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request');
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : Value.Convert(schema, Value.Default(schema, given));
    if (compiled.Check(value)) return { value };
    return { error: new InvalidRequest(part, findViolations(schema, value)) };
  };
};
