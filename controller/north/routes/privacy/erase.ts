import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Erasure, SignedReceipt } from '../../schemas/privacy.ts';

export const eraseAccount: Route = (api, { privacy }) => {
  api.post(
    '/v1/privacy/erasures',
    {
      config: { right: true },
      schema: {
        tags: ['privacy'],
        summary: 'Erase an account and those linked with it, from the database and from every node',
        description:
          'At once and for good. The receipt names what is not covered yet; ask for it again by its id.',
        body: Erasure,
        response: { 201: SignedReceipt },
      },
    },
    async (request) => {
      const { account, ...scope } = request.body;
      const id = await privacy.erase(account, scope);
      request.afterwards = async () => toJson(await privacy.settleErasure(id));
      return toJson(await privacy.receipt(id)) as never;
    },
  );
};
