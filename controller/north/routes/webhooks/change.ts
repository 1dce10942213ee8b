import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Webhook, WebhookChange } from '../../schemas/webhooks.ts';

export const changeWebhook: Route = (api, { webhooks }) => {
  api.patch(
    '/v1/webhooks/:webhook',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Change a webhook, or enable it again: it gets then what it did not get',
        params: pathOf('webhook'),
        body: WebhookChange,
        response: { 200: Webhook },
      },
    },
    async ({ params, body }) => toJson(await webhooks.set(params.webhook, body)),
  );
};
