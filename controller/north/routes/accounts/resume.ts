import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { AccountChange } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { onlyThis } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const resumeAccount: Route = (api) => {
  api.post(
    '/v1/accounts/:account/resume',
    {
      schema: {
        tags: ['accounts'],
        summary: 'End the suspension of an account, and of linked ones that were suspended together with it',
        params: pathOf('account'),
        body: Type.Object(onlyThis, strict),
        response: { 200: AccountChange },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.resumeAccount(params.account, body)),
  );
};
