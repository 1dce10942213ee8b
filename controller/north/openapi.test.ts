import spectralCore from '@stoplight/spectral-core';
import { Json } from '@stoplight/spectral-parsers';
import { oas } from '@stoplight/spectral-rulesets';
import { describe, expect, it } from 'vitest';
import { openapiText } from './openapi-document.ts';

const { Document, Spectral } = spectralCore;
const text = await openapiText();

describe('the description of the API', () => {
  it('is what an independent linter calls a good OpenAPI document', async () => {
    const spectral = new Spectral();
    spectral.setRuleset({
      // biome-ignore lint/suspicious/noExplicitAny: the two packages carry their types twice.
      extends: [[oas as any, 'all']],
      rules: {
        // There is nobody to write to but the operator.
        'info-contact': 'off',
        // The summary says it where it is enough.
        'operation-description': 'off',
        // It knows scopes of OAuth only; OpenAPI 3.1 has roles for every scheme.
        'oas3-operation-security-defined': 'off',
        // OpenAPI 3.1 has the identifier in its place.
        'license-url': 'off',
      },
    });
    const found = await spectral.run(new Document(text, Json, 'openapi.json'));
    expect(found.map(({ code, message, path }) => `${code} ${path.join('.')}: ${message}`)).toEqual([]);
  });

  it('has one type for each thing', () => {
    const { components, paths } = JSON.parse(text);
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining(['Subscription', 'Device', 'Problem']),
    );
    const show = paths['/v1/devices/{device}'].get;
    expect(show.responses['200'].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Device',
    });
    expect(show.operationId).toBe('showDevice');
  });
});
