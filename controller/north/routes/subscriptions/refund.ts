import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Adjustment } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Refund } from '../../schemas/requests.ts';
import { readBytes } from '../../schemas/values.ts';

export const refund: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/refunds',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Take volume back; what nodes hold of it is recalled, and taken as they give it back',
        params: pathOf('subscription'),
        body: Refund,
        response: { 201: Adjustment },
      },
    },
    async (request) => {
      const { params, body, catalogue } = request;
      const bytes = readBytes('bytes', body.bytes);
      const adjustment = await catalogue.refund(params.subscription, { ...body, bytes });
      request.afterwards = async () =>
        toJson(await catalogue.awaitAdjustment(adjustment.subscriptionId, adjustment.id));
      return toJson(adjustment);
    },
  );
};
