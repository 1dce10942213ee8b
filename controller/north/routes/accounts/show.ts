import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { AccountDetail } from '../../schemas/answers.ts';

export const showAccount: Route = (api, { catalogue }) => {
  api.get(
    '/v1/accounts/:account',
    {
      schema: {
        tags: ['accounts'],
        summary: 'An account, by reference or id, with its subscriptions',
        params: Type.Object({ account: Type.String() }),
        response: { 200: AccountDetail },
      },
    },
    async ({ params }) => toJson(await catalogue.getAccount(params.account)),
  );
};
