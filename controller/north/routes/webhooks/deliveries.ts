import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { pageOf } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { paging } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';
import { Delivery, deliveryState } from '../../schemas/webhooks.ts';

export const listDeliveries: Route = (api, { webhooks }) => {
  api.get(
    '/v1/webhooks/:webhook/deliveries',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'What was sent to a webhook in the last 30 days and what is to be sent, newest first',
        params: pathOf('webhook'),
        querystring: Type.Object({ ...paging, state: Type.Optional(deliveryState) }, strict),
        response: { 200: pageOf(Delivery) },
      },
    },
    async ({ params, query }) => {
      const { limit: _limit, cursor: _cursor, ...filter } = query;
      return listPage('deliveries', query, (page) =>
        webhooks.listDeliveries(params.webhook, { ...filter, ...page }),
      );
    },
  );
};
