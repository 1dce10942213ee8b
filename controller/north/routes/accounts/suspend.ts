import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { AccountChange } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { AccountSuspension } from '../../schemas/requests.ts';

export const suspendAccount: Route = (api) => {
  api.post(
    '/v1/accounts/:account/suspend',
    {
      schema: {
        tags: ['accounts'],
        summary: 'Suspend an account and those linked with it, with all subscriptions, also later ones',
        params: pathOf('account'),
        body: AccountSuspension,
        response: { 200: AccountChange },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.suspendAccount(params.account, body)),
  );
};
