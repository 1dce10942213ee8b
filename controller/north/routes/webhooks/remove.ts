import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Webhook } from '../../schemas/webhooks.ts';

export const removeWebhook: Route = (api, { webhooks }) => {
  api.delete(
    '/v1/webhooks/:webhook',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Remove a webhook with its log',
        params: pathOf('webhook'),
        response: { 200: Webhook },
      },
    },
    async ({ params }) => toJson(await webhooks.remove(params.webhook)),
  );
};
