import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { FleetStatus } from '../../schemas/answers.ts';

export const showStatus: Route = (api, { version }) => {
  api.get(
    '/v1/status',
    { schema: { tags: ['fleet'], summary: 'The fleet at a glance', response: { 200: FleetStatus } } },
    async ({ catalogue }) => ({ version, ...toJson(await catalogue.getStatus()) }),
  );
};
