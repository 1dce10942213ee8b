import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';
import { Webhook } from '../../schemas/webhooks.ts';

export const listWebhooks: Route = (api, { webhooks }) => {
  api.get(
    '/v1/webhooks',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'List webhooks, without their secrets',
        querystring: Type.Object(paging, strict),
        response: { 200: pageOf(Webhook) },
      },
    },
    async ({ query }) => listPage('webhooks', query, (page) => webhooks.list(page)),
  );
};
