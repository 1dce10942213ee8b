import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Key } from '../../schemas/answers.ts';

export const showKey: Route = (api, { keys }) => {
  api.get(
    '/v1/key',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Under which key secrets and backups are encrypted',
        response: { 200: Key },
      },
    },
    async () => toJson(await keys.status()),
  );
};
