import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Usage } from '../../schemas/answers.ts';
import { UsageQuery } from '../../schemas/requests.ts';

export const showUsage: Route = (api) => {
  api.get(
    '/v1/usage',
    {
      schema: {
        tags: ['usage'],
        summary: 'What a subscription used, by device and by node',
        querystring: UsageQuery,
        response: { 200: Usage },
      },
    },
    async ({ query: { subscription, period }, catalogue }) =>
      toJson(await catalogue.getUsage(subscription, period === undefined ? {} : { period })),
  );
};
