import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { TariffChange, TariffSettings } from '../../schemas/tariffs.ts';
import { readBytes } from '../../schemas/values.ts';
import { versioned } from '../../versions.ts';

export const changeTariff: Route = (api) => {
  api.patch(
    '/v1/tariffs/:tariff',
    {
      config: { versioned: versioned.tariff },
      schema: {
        tags: ['tariffs'],
        summary: 'Change what is given and leave the rest; says what is in force when',
        params: pathOf('tariff'),
        body: TariffSettings,
        response: { 200: TariffChange },
      },
    },
    async ({ params, body, catalogue }) => {
      const { volumeBytes, ...settings } = body;
      const change = {
        ...settings,
        ...(volumeBytes !== undefined && {
          volumeBytes: volumeBytes === null ? null : readBytes('volumeBytes', volumeBytes),
        }),
      };
      return toJson(await catalogue.setTariff(params.tariff, change));
    },
  );
};
