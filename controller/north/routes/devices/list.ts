import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Device, pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { name, strict } from '../../schemas/values.ts';

const Query = Type.Object({ ...paging, subscription: Type.Optional(name('Id of a subscription.')) }, strict);

export const listDevices: Route = (api, { catalogue }) => {
  api.get(
    '/v1/devices',
    {
      schema: {
        tags: ['devices'],
        summary: 'List devices, without removed ones',
        querystring: Query,
        response: { 200: pageOf(Device) },
      },
    },
    async ({ query }) => {
      const filter = query.subscription === undefined ? {} : { subscription: query.subscription };
      return listPage(query, (page) => catalogue.listDevices({ ...filter, ...page }));
    },
  );
};
