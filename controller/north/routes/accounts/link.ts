import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Account } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { AccountLink } from '../../schemas/requests.ts';

export const linkAccounts: Route = (api) => {
  api.post(
    '/v1/accounts/:account/link',
    {
      schema: {
        tags: ['accounts'],
        summary: 'Link an account with another, and with all that this one is linked with',
        params: pathOf('account'),
        body: AccountLink,
        response: { 200: Account },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.linkAccounts(params.account, body.with)),
  );
};
