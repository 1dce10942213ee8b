import { isDeepStrictEqual } from 'node:util';
import { TurnpikeError } from '../../common/errors.ts';

type Json = { [key: string]: unknown };

/**
 * Moves every schema with a title to `components.schemas` and refers to it from where it stood, so that generated
 * clients have one type for each thing. Descriptions of the place stay at the place.
 */
export function hoistSchemas<Document extends object>(document: Document): Document {
  const schemas: Record<string, unknown> = {};
  const hoist = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hoist);
    if (typeof value !== 'object' || value === null) return value;
    const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hoist(one)])) as Json;
    const { title, type } = inner;
    if (typeof title !== 'string' || type !== 'object') return inner;
    if (schemas[title] !== undefined && !isDeepStrictEqual(schemas[title], inner)) {
      throw new TurnpikeError('internal', `two schemas of the API are called ${title}`);
    }
    schemas[title] = inner;
    return { $ref: `#/components/schemas/${title}` };
  };
  const hoisted = hoist(document) as Document & { components?: Json };
  return { ...hoisted, components: { ...hoisted.components, schemas } };
}
