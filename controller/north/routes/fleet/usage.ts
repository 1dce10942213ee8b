import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Usage } from '../../schemas/answers.ts';
import { name, strict } from '../../schemas/values.ts';

export const showUsage: Route = (api, { catalogue }) => {
  api.get(
    '/v1/usage',
    {
      schema: {
        tags: ['usage'],
        summary: 'What a subscription used, by device and by node',
        querystring: Type.Object(
          {
            subscription: name('Id, or the account when it has one.'),
            period: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'Number of the period; the current one unless given.',
              }),
            ),
          },
          strict,
        ),
        response: { 200: Usage },
      },
    },
    async ({ query: { subscription, period } }) =>
      toJson(await catalogue.getUsage(subscription, period === undefined ? {} : { period })),
  );
};
