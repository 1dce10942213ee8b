import { hashApiKey, newApiKey } from '../../access.ts';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { sayNotCovered } from '../../not-covered.ts';
import { RotatedApiKey } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { ApiKeyRotation } from '../../schemas/requests.ts';

const daySeconds = 86_400;

export const rotateApiKey: Route = (api, { apiKeys, backups }) => {
  api.post(
    '/v1/api-keys/:key/rotate',
    {
      schema: {
        tags: ['API keys'],
        summary: 'Make another key in place of this one, which goes on for a while',
        params: pathOf('key'),
        body: ApiKeyRotation,
        response: { 200: RotatedApiKey },
      },
    },
    async (request) => {
      const { params, body } = request;
      const key = newApiKey();
      const { overlapSeconds = daySeconds } = body;
      const apiKey = await apiKeys.rotate(params.key, { hash: hashApiKey(key), overlapSeconds });
      return sayNotCovered(request, backups, { apiKey: toJson(apiKey), key });
    },
  );
};
