import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Device } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const removeDevice: Route = (api) => {
  api.delete(
    '/v1/devices/:device',
    {
      config: { versioned: versioned.device },
      schema: {
        tags: ['devices'],
        summary: 'Remove a device: closed on every node, at once and for good',
        params: pathOf('device'),
        response: { 200: Device },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.removeDevice(params.device)),
  );
};
