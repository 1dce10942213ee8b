import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Backups } from '../../schemas/backups.ts';

export const listBackups: Route = (api, { backups }) => {
  api.get(
    '/v1/backups',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Backups that are kept, and those that are not where they were made; the oldest first',
        response: { 200: Backups },
      },
    },
    async () => ({ items: toJson(await backups.list()), away: toJson(await backups.away()) }),
  );
};
