import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Backup } from '../../schemas/backups.ts';

export const createBackup: Route = (api, { backups }) => {
  api.post(
    '/v1/backups',
    {
      // Of files, and longer than a transaction may last.
      config: { changes: false },
      schema: {
        tags: ['fleet'],
        summary: 'Write a backup while everything goes on, encrypted, and look through it',
        response: { 201: Backup },
      },
    },
    async (_request, reply) => reply.status(201).send(toJson(await backups.create())),
  );
};
