import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { pageOf } from '../../schemas/answers.ts';
import { AuditEntry } from '../../schemas/audit.ts';
import { paging } from '../../schemas/requests.ts';
import { name, strict } from '../../schemas/values.ts';

export const listAudit: Route = (api, { audit }) => {
  api.get(
    '/v1/audit',
    {
      schema: {
        tags: ['audit'],
        summary: 'Who did what, and what was refused; the latest first',
        querystring: Type.Object(
          { ...paging, account: Type.Optional(name('Of this account alone, by reference or id.')) },
          strict,
        ),
        response: { 200: pageOf(AuditEntry) },
      },
    },
    async ({ query }) => {
      const { account } = query;
      return listPage('audit', query, (page) =>
        audit.list({ ...page, ...(account !== undefined && { account }) }),
      );
    },
  );
};
