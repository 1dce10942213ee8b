import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Key } from '../../schemas/answers.ts';

export const rotateKey: Route = (api, { keys }) => {
  api.post(
    '/v1/key/rotate',
    {
      // Of files as much as of the books, and in many transactions.
      config: { changes: false },
      schema: {
        tags: ['fleet'],
        summary: 'Encrypt all secrets anew, under another key',
        response: { 200: Key },
      },
    },
    async () => toJson(await keys.rotate()),
  );
};
