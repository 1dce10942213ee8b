import type { Spender } from '../../../catalogue/api-key-budget.ts';
import { covers } from '../../../catalogue/api-key-scopes.ts';
import type { Caller, Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Adjustment } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { TopUp } from '../../schemas/requests.ts';
import { readBytes } from '../../schemas/values.ts';

export const topUp: Route = (api, { catalogue }) => {
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
    async ({ params, body, caller }) => {
      const bytes = readBytes('bytes', body.bytes);
      const spender = spenderOf(caller);
      const adjustment = await catalogue.topUp(params.subscription, {
        ...body,
        bytes,
        ...(spender !== undefined && { spender }),
      });
      return toJson(adjustment);
    },
  );
};

/** A support desk gives what it was given to give. */
function spenderOf(caller: Caller | undefined): Spender | undefined {
  const apiKey = caller?.apiKey;
  if (apiKey === undefined) return undefined;
  const { id: keyId, name: keyName } = apiKey;
  const budgetBytes = apiKey.budgetBytes ?? (covers(apiKey.scopes, 'subscriptions') ? undefined : 0n);
  return budgetBytes === undefined ? undefined : { keyId, keyName, budgetBytes };
}
