import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Explanation } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';

export const explain: Route = (api) => {
  api.get(
    '/v1/explain/:id',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Why a subscription or a device passes or does not, since when, where, and what mends it',
        params: pathOf('id'),
        response: { 200: Explanation },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.explain(params.id)),
  );
};
