import fc from 'fast-check';
import { hostileText } from './hostile.ts';

/** What OpenAPI 3.1 says of a value, as far as our document uses it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
}

/** By the name of a property: what is there and means something. */
export type Pools = Readonly<Record<string, readonly unknown[]>>;

const numbers = fc.oneof(
  fc.constantFrom(
    0,
    -1,
    1,
    0.5,
    1e-9,
    1e21,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    Number.MAX_VALUE,
    Number.MIN_VALUE,
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Anything that JSON can say. */
export const anyJson = fc.oneof(fc.jsonValue({ maxDepth: 3 }), hostileText, numbers);

/** Mostly what the schema asks for, now and then something else. */
export function valueFor(schema: JsonSchema, pools: Pools, name = ''): fc.Arbitrary<unknown> {
  const pool = pools[name];
  return fc.oneof(
    { weight: 10, arbitrary: rightFor(schema, pools) },
    ...(pool === undefined ? [] : [{ weight: 12, arbitrary: fc.constantFrom(...pool) }]),
    { weight: 1, arbitrary: anyJson },
  );
}

function rightFor(schema: JsonSchema, pools: Pools): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => rightFor(one, pools)));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return fc.oneof(...types.map((type) => rightForType(type, schema, pools)));
}

function rightForType(type: string, schema: JsonSchema, pools: Pools): fc.Arbitrary<unknown> {
  const { minimum = -10, maximum = 1000 } = schema;
  switch (type) {
    case 'object':
      return objectFor(schema, pools);
    case 'array':
      return fc.array(valueFor(schema.items ?? {}, pools), { maxLength: Math.min(4, schema.maxItems ?? 4) });
    case 'integer':
      return fc.integer({ min: minimum, max: Math.max(minimum, Math.min(maximum, 2 ** 31)) });
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return schema.pattern === undefined
        ? hostileText
        : fc.oneof(fc.stringMatching(new RegExp(schema.pattern)), hostileText);
    default:
      return anyJson;
  }
}

function objectFor({ properties = {}, required = [] }: JsonSchema, pools: Pools): fc.Arbitrary<unknown> {
  const shape = Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [key, valueFor(schema, pools, key)]),
  );
  const wanted = fc.record(shape, { requiredKeys: [...required] });
  const loose = fc.record({ ...shape, __proto__x: anyJson, unknown: anyJson }, { requiredKeys: [] });
  return fc.oneof({ weight: 8, arbitrary: wanted }, { weight: 1, arbitrary: loose });
}
