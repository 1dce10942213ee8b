import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Heaviest } from '../../schemas/health.ts';
import { strict } from '../../schemas/values.ts';

export const listHeaviest: Route = (api) => {
  api.get(
    '/v1/heaviest',
    {
      schema: {
        tags: ['fleet'],
        summary: 'The subscriptions that pass most traffic now, the heaviest first',
        querystring: Type.Object(
          {
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'How many at most.' }),
            ),
          },
          strict,
        ),
        response: { 200: Heaviest },
      },
    },
    async ({ query: { limit = 20 }, catalogue }) => toJson(await catalogue.listHeaviest(limit)),
  );
};
