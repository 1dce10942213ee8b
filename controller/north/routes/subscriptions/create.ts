import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Subscription } from '../../schemas/answers.ts';
import { NewSubscription } from '../../schemas/requests.ts';

export const createSubscription: Route = (api) => {
  api.post(
    '/v1/subscriptions',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Create a subscription',
        body: NewSubscription,
        response: { 201: Subscription },
      },
    },
    async ({ body, catalogue }) => toJson(await catalogue.createSubscription(body)),
  );
};
