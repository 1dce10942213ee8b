import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { ApiKey } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';

export const showApiKey: Route = (api, { apiKeys }) => {
  api.get(
    '/v1/api-keys/:key',
    {
      schema: {
        tags: ['API keys'],
        summary: 'A key, by name or id, without what is secret',
        params: pathOf('key'),
        response: { 200: ApiKey },
      },
    },
    async ({ params }) => toJson(await apiKeys.get(params.key)),
  );
};
