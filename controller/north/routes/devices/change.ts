import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Device } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { DeviceChange } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const changeDevice: Route = (api) => {
  api.patch(
    '/v1/devices/:device',
    {
      config: { versioned: versioned.device },
      schema: {
        tags: ['devices'],
        summary: "Change a device's label or platform",
        params: pathOf('device'),
        body: DeviceChange,
        response: { 200: Device },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.setDevice(params.device, body)),
  );
};
