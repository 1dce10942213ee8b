import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Hold } from '../../schemas/answers.ts';

export const releaseHold: Route = (api) => {
  api.post(
    '/v1/hold/release',
    {
      schema: {
        tags: ['fleet'],
        summary: 'After a restore, once the books are right: let nodes drop what is not in them',
        response: { 200: Hold },
      },
    },
    async ({ catalogue }) => toJson(await catalogue.releaseHold()),
  );
};
