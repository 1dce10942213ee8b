import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { ApiKey } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { ApiKeyChange } from '../../schemas/requests.ts';
import { readBudget } from '../../schemas/values.ts';

export const changeApiKey: Route = (api, { apiKeys }) => {
  api.patch(
    '/v1/api-keys/:key',
    {
      schema: {
        tags: ['API keys'],
        summary: "Change a key's scopes, budget or expiry; what is absent stays as it is",
        params: pathOf('key'),
        body: ApiKeyChange,
        response: { 200: ApiKey },
      },
    },
    async ({ params, body }) => toJson(await apiKeys.set(params.key, readBudget(body))),
  );
};
