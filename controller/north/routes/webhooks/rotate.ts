import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { SecretWebhook } from '../../schemas/webhooks.ts';

export const rotateWebhook: Route = (api, { webhooks }) => {
  api.post(
    '/v1/webhooks/:webhook/rotate',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Another secret; for a day messages are signed with both',
        params: pathOf('webhook'),
        response: { 200: SecretWebhook },
      },
    },
    async ({ params }) => toJson(await webhooks.rotate(params.webhook)),
  );
};
