import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Subscription } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Cancellation } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const cancel: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/cancel',
    {
      config: { versioned: versioned.subscription },
      schema: {
        tags: ['subscriptions'],
        summary: 'Close a subscription on every node for good',
        params: pathOf('subscription'),
        body: Cancellation,
        response: { 200: Subscription },
      },
    },
    async ({ params, body, catalogue }) =>
      toJson(await catalogue.cancelSubscription(params.subscription, body)),
  );
};
