import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Export } from '../../schemas/privacy.ts';
import { onlyThis } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const exportAccount: Route = (api, { privacy }) => {
  api.get(
    '/v1/accounts/:account/export',
    {
      config: { audited: true },
      schema: {
        tags: ['privacy'],
        summary: 'A copy of all that is held of an account and of those linked with it',
        params: pathOf('account'),
        querystring: Type.Object(onlyThis, strict),
        response: { 200: Export },
      },
    },
    async ({ params, query }) => toJson(await privacy.export(params.account, query)) as never,
  );
};
