import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Backup, BackupPath } from '../../schemas/backups.ts';

export const verifyBackup: Route = (api, { backups }) => {
  api.post(
    '/v1/backups/:name/verify',
    {
      config: { changes: false },
      schema: {
        tags: ['fleet'],
        summary: 'Decrypt a backup and look through it',
        params: BackupPath,
        response: { 200: Backup },
      },
    },
    async ({ params }) => toJson(await backups.verify(params.name)),
  );
};
