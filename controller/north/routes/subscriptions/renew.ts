import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Renewal } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { NewRenewal } from '../../schemas/requests.ts';

export const renew: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/renewals',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Put off the expiry; the same reference is never booked twice',
        params: pathOf('subscription'),
        body: NewRenewal,
        response: { 200: Renewal },
      },
    },
    async ({ params, body, catalogue }) =>
      toJson(await catalogue.renewSubscription(params.subscription, body)),
  );
};
