import { removalPending } from '../../../backup/backups.ts';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { RemovedApiKey } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';

export const removeApiKey: Route = (api, { apiKeys, backups }) => {
  api.delete(
    '/v1/api-keys/:key',
    {
      schema: {
        tags: ['API keys'],
        summary: 'End a key, by name or id',
        params: pathOf('key'),
        response: { 200: RemovedApiKey },
      },
    },
    async (request) => {
      const removed = toJson(await apiKeys.remove(request.params.key));
      request.afterwards = async () => ({ ...removed, notCovered: await backups.keepRemovals() });
      return { ...removed, notCovered: [removalPending] };
    },
  );
};
