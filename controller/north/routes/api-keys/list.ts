import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { ApiKey, pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const listApiKeys: Route = (api, { apiKeys }) => {
  api.get(
    '/v1/api-keys',
    {
      schema: {
        tags: ['API keys'],
        summary: 'List the keys, without what is secret',
        querystring: Type.Object(paging, strict),
        response: { 200: pageOf(ApiKey) },
      },
    },
    async ({ query }) => listPage('api_keys', query, (page) => apiKeys.list(page)),
  );
};
