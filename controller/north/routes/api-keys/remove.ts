import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { ApiKey } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';

export const removeApiKey: Route = (api, { apiKeys }) => {
  api.delete(
    '/v1/api-keys/:key',
    {
      schema: {
        tags: ['API keys'],
        summary: 'End a key, by name or id',
        params: pathOf('key'),
        response: { 200: ApiKey },
      },
    },
    async ({ params }) => toJson(await apiKeys.remove(params.key)),
  );
};
