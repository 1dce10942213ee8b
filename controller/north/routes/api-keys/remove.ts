import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { sayNotCovered } from '../../not-covered.ts';
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
      return sayNotCovered(request, backups, toJson(await apiKeys.remove(request.params.key)));
    },
  );
};
