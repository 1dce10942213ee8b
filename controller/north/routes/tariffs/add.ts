import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { NewTariff, Tariff } from '../../schemas/tariffs.ts';
import { readBytes } from '../../schemas/values.ts';

export const addTariff: Route = (api) => {
  api.post(
    '/v1/tariffs',
    { schema: { tags: ['tariffs'], summary: 'Add a tariff', body: NewTariff, response: { 201: Tariff } } },
    async ({ body, catalogue }) => {
      const volumeBytes = body.volumeBytes === null ? null : readBytes('volumeBytes', body.volumeBytes);
      return toJson(await catalogue.addTariff({ ...body, volumeBytes }));
    },
  );
};
