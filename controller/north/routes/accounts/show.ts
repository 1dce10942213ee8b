import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { AccountDetail } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { onlyThis } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const showAccount: Route = (api) => {
  api.get(
    '/v1/accounts/:account',
    {
      schema: {
        tags: ['accounts'],
        summary: 'An account, by reference or id, with its subscriptions and those of linked accounts',
        params: pathOf('account'),
        querystring: Type.Object(onlyThis, strict),
        response: { 200: AccountDetail },
      },
    },
    async ({ params, query, catalogue }) => toJson(await catalogue.getAccount(params.account, query)),
  );
};
