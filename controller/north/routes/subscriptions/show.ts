import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { SubscriptionDetail } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const showSubscription: Route = (api) => {
  api.get(
    '/v1/subscriptions/:subscription',
    {
      config: { versioned: versioned.subscription },
      schema: {
        tags: ['subscriptions'],
        summary: 'A subscription with its adjustments',
        params: pathOf('subscription'),
        response: { 200: SubscriptionDetail },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.getSubscription(params.subscription)),
  );
};
