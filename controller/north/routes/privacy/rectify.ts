import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Account } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { name, strict } from '../../schemas/values.ts';

export const rectifyAccount: Route = (api, { privacy }) => {
  api.post(
    '/v1/accounts/:account/rectify',
    {
      config: { right: true },
      schema: {
        tags: ['privacy'],
        summary: 'Put right under which reference a customer is known',
        params: pathOf('account'),
        body: Type.Object({ reference: name('The right one.') }, strict),
        response: { 200: Account },
      },
    },
    async ({ params, body }) => toJson(await privacy.rectify(params.account, body)),
  );
};
