import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { sayNotCovered } from '../../not-covered.ts';
import { Account, RestrictedAccount } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { AccountSuspension, onlyThis } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const restrictAccount: Route = (api, { privacy, backups }) => {
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
        response: { 200: RestrictedAccount },
      },
    },
    async (request) => {
      const { params, body } = request;
      return sayNotCovered(request, backups, toJson(await privacy.restrict(params.account, body)));
    },
  );
};

export const liftRestriction: Route = (api, { privacy, backups }) => {
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
    async (request) => {
      const { params, body } = request;
      const freed = toJson(await privacy.unrestrict(params.account, body));
      // Where it stays on the list, a restore restricts it again: that is no harm to it, and tried again every hour.
      request.afterwards = async () => {
        await backups.keepRemovals();
        return freed;
      };
      return freed;
    },
  );
};
