import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Device, deviceStatus, pageOf } from '../../schemas/answers.ts';
import { paging, search } from '../../schemas/requests.ts';
import { name, strict } from '../../schemas/values.ts';

const Query = Type.Object(
  {
    ...paging,
    ...search('How the label begins, or a whole public key'),
    subscription: Type.Optional(name('Id of a subscription, or the account of one.')),
    status: Type.Optional(deviceStatus),
    sharedKey: Type.Optional(
      Type.Boolean({ description: 'Those whose key looks used on two devices at once; false: the others.' }),
    ),
  },
  strict,
);

export const listDevices: Route = (api) => {
  api.get(
    '/v1/devices',
    {
      schema: {
        tags: ['devices'],
        summary: 'List devices: the active ones, or those of another status or with a shared key',
        querystring: Query,
        response: { 200: pageOf(Device) },
      },
    },
    async ({ query, catalogue }) => {
      const { limit: _limit, cursor: _cursor, ...filter } = query;
      return listPage('devices', query, (page) => catalogue.listDevices({ ...filter, ...page }));
    },
  );
};
