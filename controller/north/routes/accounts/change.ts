import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Account } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { AccountChange } from '../../schemas/requests.ts';

export const changeAccount: Route = (api) => {
  api.patch(
    '/v1/accounts/:account',
    {
      schema: {
        tags: ['accounts'],
        summary: 'Give an account a tag, to which API keys can be confined, or take it away',
        params: pathOf('account'),
        body: AccountChange,
        response: { 200: Account },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.setAccount(params.account, body)),
  );
};
