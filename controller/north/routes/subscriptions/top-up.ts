import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Adjustment } from '../../schemas/answers.ts';
import { TopUp } from '../../schemas/requests.ts';
import { readBytes } from '../../schemas/values.ts';

export const topUp: Route = (api, { catalogue }) => {
  api.post(
    '/v1/subscriptions/:subscription/adjustments',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Add volume; the same reference is never booked twice',
        params: Type.Object({ subscription: Type.String() }),
        body: TopUp,
        response: { 201: Adjustment },
      },
    },
    async ({ params, body }, reply) => {
      const bytes = readBytes('bytes', body.bytes);
      const adjustment = await catalogue.topUp(params.subscription, { ...body, bytes });
      return reply.code(201).send(toJson(adjustment));
    },
  );
};
