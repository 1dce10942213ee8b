import Type from 'typebox';
import { eventTypes } from '../../../events/record.ts';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Event, pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { name, strict } from '../../schemas/values.ts';
import { streamEvents } from '../../stream.ts';

const Query = Type.Object(
  {
    ...paging,
    type: Type.Optional(Type.Enum([...eventTypes], { description: 'Events of this type only.' })),
    subscription: Type.Optional(name('Id of a subscription, or the account of one.')),
  },
  strict,
);

export const listEvents: Route = (api, context) => {
  api.get(
    '/v1/events',
    {
      sse: 'dual',
      schema: {
        tags: ['events'],
        summary: 'What happened in the last 30 days, in its order',
        description:
          'Any event id is a cursor, also one that is no longer kept: whoever remembers the last one that they ' +
          'have seen misses nothing that came later.',
        querystring: Query,
        response: {
          200: {
            description: 'A page, or the events as they come.',
            content: {
              'application/json': { schema: pageOf(Event) },
              'text/event-stream': { schema: Type.String() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { limit: _limit, cursor, ...filter } = request.query;
      if (reply.sse !== undefined) return streamEvents(context, request, reply, { ...filter, cursor });
      const { query, catalogue } = request;
      return listPage('events', query, (page) => catalogue.listEvents({ ...filter, ...page }));
    },
  );
};
