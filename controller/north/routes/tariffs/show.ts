import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Tariff } from '../../schemas/tariffs.ts';
import { versioned } from '../../versions.ts';

export const showTariff: Route = (api) => {
  api.get(
    '/v1/tariffs/:tariff',
    {
      config: { versioned: versioned.tariff },
      schema: {
        tags: ['tariffs'],
        summary: 'A tariff, by name or id',
        params: pathOf('tariff'),
        response: { 200: Tariff },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.getTariff(params.tariff)),
  );
};
