import { hashApiKey, newApiKey } from '../../access.ts';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { SecretApiKey } from '../../schemas/answers.ts';
import { NewApiKey } from '../../schemas/requests.ts';
import { readBudget } from '../../schemas/values.ts';

export const addApiKey: Route = (api, { apiKeys }) => {
  api.post(
    '/v1/api-keys',
    {
      schema: {
        tags: ['API keys'],
        summary: 'Make a key for the API over TCP',
        body: NewApiKey,
        response: { 201: SecretApiKey },
      },
    },
    async ({ body }) => {
      const key = newApiKey();
      const apiKey = await apiKeys.add({ ...readBudget(body), hash: hashApiKey(key) });
      return { apiKey: toJson(apiKey), key };
    },
  );
};
