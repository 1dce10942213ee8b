import type { Route } from '../../api.ts';
import { BackupPath, ForgottenBackup } from '../../schemas/backups.ts';

export const forgetBackup: Route = (api, { backups }) => {
  api.post(
    '/v1/backups/:name/forget',
    {
      schema: {
        tags: ['fleet'],
        summary:
          'A backup that is not in the directory is gone for good: nothing is said and kept because of it',
        params: BackupPath,
        response: { 200: ForgottenBackup },
      },
    },
    async ({ params: { name } }) => {
      await backups.forget(name);
      return { name };
    },
  );
};
