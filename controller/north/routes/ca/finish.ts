import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Ca } from '../../schemas/answers.ts';
import { CaFinish } from '../../schemas/requests.ts';

export const finishCa: Route = (api, { rollover }) => {
  api.post(
    '/v1/ca/finish',
    {
      // Of files as much as of the books.
      config: { changes: false },
      schema: {
        tags: ['fleet'],
        summary: 'Drop the old CA, once all nodes know the new one',
        body: CaFinish,
        response: { 200: Ca },
      },
    },
    async ({ body }) => toJson(await rollover.finish(body.abandon ?? false)),
  );
};
