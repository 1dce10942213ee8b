import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { SubscriptionChange } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { TariffOfSubscription } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const changeSubscriptionTariff: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/tariff',
    {
      config: { versioned: versioned.subscription },
      schema: {
        tags: ['subscriptions'],
        summary: 'Change its tariff, now or when its period turns',
        params: pathOf('subscription'),
        body: TariffOfSubscription,
        response: { 200: SubscriptionChange },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.changeTariff(params.subscription, body)),
  );
};
