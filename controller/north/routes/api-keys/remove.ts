import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { ApiKey } from '../../schemas/answers.ts';

export const removeApiKey: Route = (api, { apiKeys }) => {
  api.delete(
    '/v1/api-keys/:key',
    {
      schema: {
        tags: ['API keys'],
        summary: 'End a key, by name or id',
        params: Type.Object({ key: Type.String() }),
        response: { 200: ApiKey },
      },
    },
    async ({ params }) => toJson(await apiKeys.remove(params.key)),
  );
};
