import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Account, pageOf } from '../../schemas/answers.ts';
import { paging, search } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const listAccounts: Route = (api) => {
  api.get(
    '/v1/accounts',
    {
      schema: {
        tags: ['accounts'],
        summary: 'List accounts',
        querystring: Type.Object({ ...paging, ...search('How the reference begins') }, strict),
        response: { 200: pageOf(Account) },
      },
    },
    async ({ query, catalogue }) => {
      const { limit: _limit, cursor: _cursor, ...filter } = query;
      return listPage('accounts', query, (page) => catalogue.listAccounts({ ...filter, ...page }));
    },
  );
};
