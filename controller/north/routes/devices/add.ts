import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { KeyedDevice } from '../../schemas/answers.ts';
import { NewDevice } from '../../schemas/requests.ts';

export const addDevice: Route = (api) => {
  api.post(
    '/v1/devices',
    {
      schema: {
        tags: ['devices'],
        summary: 'Add a device',
        description: 'Without publicKey a key pair is made; its private half is in this answer, once.',
        body: NewDevice,
        response: { 201: KeyedDevice },
      },
    },
    async ({ body, catalogue }) => toJson(await catalogue.addDevice(body)),
  );
};
