import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Adjustment } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Reversal } from '../../schemas/requests.ts';

export const reverse: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/adjustments/:adjustment/reversal',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Undo a top-up, as far as it is not used, or a refund; by an adjustment of its own',
        params: pathOf('subscription', 'adjustment'),
        body: Reversal,
        response: { 201: Adjustment },
      },
    },
    async (request) => {
      const { params, body, catalogue } = request;
      const reversal = await catalogue.reverse(params.subscription, params.adjustment, body);
      request.afterwards = async () =>
        toJson(await catalogue.awaitAdjustment(reversal.subscriptionId, reversal.id));
      return toJson(reversal);
    },
  );
};
