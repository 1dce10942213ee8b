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
        querystring: Type.Object({ subscription: name('Id, or the account when it has one.') }, strict),
        response: { 200: Usage },
      },
    },
    async ({ query }) => toJson(await catalogue.getUsage(query.subscription)),
  );
};
