import fc from 'fast-check';
import type { Api } from '../../controller/north/api.ts';
import { hostileText } from './hostile.ts';
import { anyJson, type JsonSchema, type Pools, valueFor } from './schema.ts';

/** One thing that the API's own document says can be done. */
export interface Operation {
  readonly method: string;
  /** With `{names}` of parameters. */
  readonly path: string;
  readonly query: Readonly<Record<string, JsonSchema>>;
  readonly body: JsonSchema | undefined;
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | undefined;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
}

interface DocumentOperation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: {
    readonly content: { readonly 'application/json'?: { readonly schema: JsonSchema } };
  };
}

export async function operationsOf(
  api: Api,
  headers: Readonly<Record<string, string>> = {},
): Promise<Operation[]> {
  const document: Document = (await api.inject({ url: '/openapi.json', headers })).json();
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      query: Object.fromEntries(
        parameters.filter((one) => one.in === 'query').map(({ name, schema }) => [name, schema]),
      ),
      body: requestBody?.content['application/json']?.schema,
    })),
  );
}

/** Requests for one operation: mostly such as it understands. */
export function requestsFor({ method, path, query, body }: Operation, pools: Pools): fc.Arbitrary<Asked> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const parameters = fc.record(Object.fromEntries(names.map((name) => [name, textFor(name, pools)])));
  const asked = fc.record(
    Object.fromEntries(Object.entries(query).map(([name, schema]) => [name, valueFor(schema, pools, name)])),
    { requiredKeys: [] },
  );
  const json =
    body === undefined ? fc.constant(undefined) : valueFor(body, pools).map((value) => JSON.stringify(value));
  const payload = fc.oneof(
    { weight: 12, arbitrary: json },
    { weight: 1, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: hostileText },
  );
  const type = fc.oneof(
    { weight: 20, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=x', '', 'a/b'),
    },
  );
  return fc.record({ parameters, asked, payload, type }).map((parts) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encode(String(parts.parameters[name])));
    const search = Object.entries(parts.asked).map(([key, value]) => `${key}=${encode(textOf(value))}`);
    return {
      method,
      url: search.length === 0 ? filled : `${filled}?${search.join('&')}`,
      headers: parts.payload === undefined ? {} : { 'content-type': parts.type },
      payload: parts.payload,
    };
  });
}

function textFor(name: string, pools: Pools): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...(pools[name] ?? ['x'])).map(String) },
    { weight: 1, arbitrary: hostileText },
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Also what encodeURIComponent refuses: halves of surrogate pairs. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
