import type { Route } from '../../api.ts';
import { EnforcementSwitch } from '../../schemas/requests.ts';

export const switchEnforcement: Route = (api) => {
  api.put(
    '/v1/enforcement',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Enforce limits or only observe; without group and tariff, for the fleet',
        body: EnforcementSwitch,
        response: { 200: EnforcementSwitch },
      },
    },
    async ({ body, catalogue }) => {
      await catalogue.setEnforcement(body);
      return body;
    },
  );
};
