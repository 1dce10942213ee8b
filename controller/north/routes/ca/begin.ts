import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Ca } from '../../schemas/answers.ts';

export const beginCa: Route = (api, { rollover }) => {
  api.post(
    '/v1/ca/begin',
    {
      // Of files as much as of the books.
      config: { changes: false },
      schema: {
        tags: ['fleet'],
        summary: 'Make a CA that is to take the place of the one there is; nodes get to know it',
        response: { 200: Ca },
      },
    },
    async () => toJson(await rollover.begin()),
  );
};
