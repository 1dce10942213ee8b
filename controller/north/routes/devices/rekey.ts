import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { KeyedDevice } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { NewKey } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const rekeyDevice: Route = (api) => {
  api.post(
    '/v1/devices/:device/rekey',
    {
      config: { versioned: versioned.device },
      schema: {
        tags: ['devices'],
        summary: 'Give a device other keys; addresses and usage stay',
        description: 'Without publicKey a key pair is made; its private half is in this answer, once.',
        params: pathOf('device'),
        body: NewKey,
        response: { 200: KeyedDevice },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.rekeyDevice(params.device, body)),
  );
};
