import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Webhook } from '../../schemas/webhooks.ts';

export const showWebhook: Route = (api, { webhooks }) => {
  api.get(
    '/v1/webhooks/:webhook',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'A webhook',
        params: pathOf('webhook'),
        response: { 200: Webhook },
      },
    },
    async ({ params }) => toJson(await webhooks.get(params.webhook)),
  );
};
