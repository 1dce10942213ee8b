import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Account } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { AccountSuspension, onlyThis } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const restrictAccount: Route = (api, { privacy }) => {
  api.post(
    '/v1/accounts/:account/restrict',
    {
      config: { right: true },
      schema: {
        tags: ['privacy'],
        summary: 'Keep what is held of an account and of those linked with it, and use it no more',
        description: 'They are suspended, nothing of them is changed or told, and nothing goes by itself.',
        params: pathOf('account'),
        body: AccountSuspension,
        response: { 200: Account },
      },
    },
    async ({ params, body }) => toJson(await privacy.restrict(params.account, body)),
  );
};

export const liftRestriction: Route = (api, { privacy }) => {
  api.post(
    '/v1/accounts/:account/unrestrict',
    {
      config: { right: true },
      schema: {
        tags: ['privacy'],
        summary: 'Use an account and those linked with it again; they stay suspended until they are resumed',
        params: pathOf('account'),
        body: Type.Object(onlyThis, strict),
        response: { 200: Account },
      },
    },
    async ({ params, body }) => toJson(await privacy.unrestrict(params.account, body)),
  );
};
