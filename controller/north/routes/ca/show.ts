import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Ca } from '../../schemas/answers.ts';

export const showCa: Route = (api, { rollover }) => {
  api.get(
    '/v1/ca',
    {
      schema: {
        tags: ['fleet'],
        summary: "The fleet's CA, and the one that is to take its place",
        response: { 200: Ca },
      },
    },
    async () => toJson(await rollover.status()),
  );
};
