import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Adjustment } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { TopUp } from '../../schemas/requests.ts';
import { readBytes } from '../../schemas/values.ts';

export const topUp: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/adjustments',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Add volume; the same reference is never booked twice',
        params: pathOf('subscription'),
        body: TopUp,
        response: { 201: Adjustment },
      },
    },
    async ({ params, body, catalogue }) => {
      const bytes = readBytes('bytes', body.bytes);
      return toJson(await catalogue.topUp(params.subscription, { ...body, bytes }));
    },
  );
};
