import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { NewWebhook, SecretWebhook } from '../../schemas/webhooks.ts';

export const addWebhook: Route = (api, { webhooks }) => {
  api.post(
    '/v1/webhooks',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Have events sent to a URL, from now on',
        body: NewWebhook,
        response: { 201: SecretWebhook },
      },
    },
    async ({ body: { url, types = null } }) => toJson(await webhooks.add({ url, types })),
  );
};
