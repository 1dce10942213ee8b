import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Subscription } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Suspension } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const suspend: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/suspend',
    {
      config: { versioned: versioned.subscription },
      schema: {
        tags: ['subscriptions'],
        summary: 'Close a subscription on every node until it is resumed',
        params: pathOf('subscription'),
        body: Suspension,
        response: { 200: Subscription },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.suspend(params.subscription, body)),
  );
};
