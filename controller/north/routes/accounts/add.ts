import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Account } from '../../schemas/answers.ts';
import { NewAccount } from '../../schemas/requests.ts';

export const addAccount: Route = (api) => {
  api.post(
    '/v1/accounts',
    {
      schema: { tags: ['accounts'], summary: 'Add an account', body: NewAccount, response: { 201: Account } },
    },
    async ({ body, catalogue }) => toJson(await catalogue.addAccount(body)),
  );
};
