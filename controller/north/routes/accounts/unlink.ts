import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Account } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';

export const unlinkAccount: Route = (api) => {
  api.delete(
    '/v1/accounts/:account/link',
    {
      schema: {
        tags: ['accounts'],
        summary: 'Take an account out of its links; the others stay linked',
        params: pathOf('account'),
        response: { 200: Account },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.unlinkAccount(params.account)),
  );
};
