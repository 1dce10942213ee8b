import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Health } from '../../schemas/health.ts';

export const showHealth: Route = (api, { audit, backups, health, webhooks, version }) => {
  api.get(
    '/v1/health',
    {
      schema: {
        tags: ['fleet'],
        summary:
          "How the controller's own machine is: clock, disk, CA, audit log, backups, webhooks that fail",
        response: { 200: Health },
      },
    },
    async () => {
      const all = await webhooks.list();
      const ids = (which: (webhook: (typeof all)[number]) => boolean) =>
        all.filter(which).map(({ id }) => id);
      return {
        version,
        ...toJson(await health()),
        auditIsWhole: await audit.isLatestWhole(),
        backupsAway: (await backups.away()).map(({ name }) => name),
        removalsWritten: await backups.areRemovalsWritten(),
        failingWebhooks: ids(({ enabled, failingSinceAt }) => enabled && failingSinceAt !== null),
        disabledWebhooks: ids(({ enabled }) => !enabled),
      };
    },
  );
};
