import Type from 'typebox';
import type { Route } from '../../api.ts';
import { AuditVerdict } from '../../schemas/audit.ts';
import { strict } from '../../schemas/values.ts';

const Head = Type.String({
  pattern: '^[0-9]{1,15}:[0-9a-f]{64}$',
  description: 'An entry that was noted earlier, as ID:HASH.',
  'x-says': 'must be the id and the hash of an entry, such as 17:ab12…',
});

export const verifyAudit: Route = (api, { audit }) => {
  api.get(
    '/v1/audit/verify',
    {
      schema: {
        tags: ['audit'],
        summary: 'Whether every entry is as it was written, and none is missing',
        querystring: Type.Object({ head: Type.Optional(Head) }, strict),
        response: { 200: AuditVerdict },
      },
    },
    async ({ query }) => {
      const [id, hash] = query.head?.split(':') ?? [];
      return audit.verify(id === undefined || hash === undefined ? undefined : { id: Number(id), hash });
    },
  );
};
