import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { Tariff } from '../../schemas/tariffs.ts';
import { strict } from '../../schemas/values.ts';

export const listTariffs: Route = (api) => {
  api.get(
    '/v1/tariffs',
    {
      schema: {
        tags: ['tariffs'],
        summary: 'List tariffs',
        querystring: Type.Object(paging, strict),
        response: { 200: pageOf(Tariff) },
      },
    },
    async ({ query, catalogue }) => listPage('tariffs', query, (page) => catalogue.listTariffs(page)),
  );
};
