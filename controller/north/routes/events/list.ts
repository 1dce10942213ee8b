import Type from 'typebox';
import { eventTypes } from '../../../events/record.ts';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Event, pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { name, strict } from '../../schemas/values.ts';

const Query = Type.Object(
  {
    ...paging,
    type: Type.Optional(Type.Enum([...eventTypes])),
    subscription: Type.Optional(name('Id of a subscription, or the account of one.')),
  },
  strict,
);

export const listEvents: Route = (api, { catalogue }) => {
  api.get(
    '/v1/events',
    {
      schema: {
        tags: ['events'],
        summary: 'What happened in the last 30 days, in its order',
        description:
          'Any event id is a cursor, also one that is no longer kept: whoever remembers the last one that they ' +
          'have seen misses nothing that came later.',
        querystring: Query,
        response: { 200: pageOf(Event) },
      },
    },
    async ({ query }) => {
      const { limit: _limit, cursor: _cursor, ...filter } = query;
      return listPage(query, (page) => catalogue.listEvents({ ...filter, ...page }));
    },
  );
};
