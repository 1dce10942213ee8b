import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Subscription } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { SubscriptionTimes } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const setSubscription: Route = (api) => {
  api.patch(
    '/v1/subscriptions/:subscription',
    {
      config: { versioned: versioned.subscription },
      schema: {
        tags: ['subscriptions'],
        summary: 'Change when it starts, while it has not, or when it expires',
        params: pathOf('subscription'),
        body: SubscriptionTimes,
        response: { 200: Subscription },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.setSubscription(params.subscription, body)),
  );
};
