import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { pageOf, Subscription } from '../../schemas/answers.ts';
import { onlyThis, paging, search } from '../../schemas/requests.ts';
import { name, strict } from '../../schemas/values.ts';

const Query = Type.Object(
  {
    ...paging,
    ...onlyThis,
    ...search('How its own reference begins'),
    account: Type.Optional(name('Reference or id of an account.')),
  },
  strict,
);

export const listSubscriptions: Route = (api) => {
  api.get(
    '/v1/subscriptions',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'List subscriptions',
        querystring: Query,
        response: { 200: pageOf(Subscription) },
      },
    },
    async ({ query, catalogue }) => {
      const { limit: _limit, cursor: _cursor, ...filter } = query;
      return listPage('subscriptions', query, (page) => catalogue.listSubscriptions({ ...filter, ...page }));
    },
  );
};
