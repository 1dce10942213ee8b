import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { ApiKey } from '../../schemas/answers.ts';

export const showApiKey: Route = (api, { apiKeys }) => {
  api.get(
    '/v1/api-keys/:key',
    {
      schema: {
        tags: ['API keys'],
        summary: 'A key, by name or id, without what is secret',
        params: Type.Object({ key: Type.String() }),
        response: { 200: ApiKey },
      },
    },
    async ({ params }) => toJson(await apiKeys.get(params.key)),
  );
};
