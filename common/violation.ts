import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** One way in which a value is not what a schema asks for. */
export interface Violation {
  /** RFC 6901, such as `/nodes/listn`; empty for the whole value. */
  readonly pointer: string;
  /** Without the name of the place: `must be string`, `is not a known key`. */
  readonly message: string;
}

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: unknown;
  readonly message: string;
}

/**
 * All violations of `schema` by `value`, in words for people. A schema with the keyword `x-says` describes itself
 * ("must be …") in place of its pattern. Values are never repeated: they may be keys.
 */
export function findViolations(schema: TSchema, value: unknown): Violation[] {
  const errors: SchemaError[] = Value.Errors(schema, value).filter(
    // What typebox says besides: each unknown key once more, and the null of "something or null".
    ({ keyword, params }) =>
      keyword !== 'boolean' && !(keyword === 'type' && (params as { type?: unknown }).type === 'null'),
  );
  const explained = new Set(
    errors.filter(({ keyword }) => keyword !== 'anyOf').map(({ instancePath }) => instancePath),
  );
  const violations = errors
    .filter(({ keyword, instancePath }) => keyword !== 'anyOf' || !explained.has(instancePath))
    .flatMap((error) => describeError(schema, error));
  // What describes itself says the same of each of its keywords.
  return violations.filter(
    ({ pointer, message }, n) =>
      violations.findIndex((one) => one.pointer === pointer && one.message === message) === n,
  );
}

function describeError(schema: TSchema, error: SchemaError): Violation[] {
  const params = error.params as {
    additionalProperties?: string[];
    requiredProperties?: string[];
    allowedValues?: unknown[];
  };
  const each = (keys: string[] | undefined, message: string) =>
    (keys ?? []).map((key) => ({ pointer: `${error.instancePath}/${key}`, message }));
  switch (error.keyword) {
    case 'additionalProperties':
      return each(params.additionalProperties, 'is not a known key');
    case 'required':
      return each(params.requiredProperties, 'is missing');
    case 'enum':
      return [
        { pointer: error.instancePath, message: `must be one of ${(params.allowedValues ?? []).join(', ')}` },
      ];
    default:
      return [{ pointer: error.instancePath, message: says(schema, error.schemaPath) ?? error.message }];
  }
}

function says(schema: TSchema, path: string): string | undefined {
  let at: unknown = schema;
  for (const step of path.split('/').slice(1)) at = (at as Record<string, unknown> | undefined)?.[step];
  const text = (at as { 'x-says'?: unknown } | undefined)?.['x-says'];
  return typeof text === 'string' ? text : undefined;
}
