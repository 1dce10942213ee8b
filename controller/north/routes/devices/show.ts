import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Device } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const showDevice: Route = (api) => {
  api.get(
    '/v1/devices/:device',
    {
      config: { versioned: versioned.device },
      schema: {
        tags: ['devices'],
        summary: 'A device, also a removed one',
        params: pathOf('device'),
        response: { 200: Device },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.getDevice(params.device)),
  );
};
