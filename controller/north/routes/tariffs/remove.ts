import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Tariff } from '../../schemas/tariffs.ts';
import { versioned } from '../../versions.ts';

export const removeTariff: Route = (api) => {
  api.delete(
    '/v1/tariffs/:tariff',
    {
      config: { versioned: versioned.tariff },
      schema: {
        tags: ['tariffs'],
        summary: 'Remove a tariff that has no subscriptions',
        params: pathOf('tariff'),
        response: { 200: Tariff },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.removeTariff(params.tariff)),
  );
};
