import Type from 'typebox';
import type { Route } from '../../api.ts';
import { hashApiKey, newApiKey } from '../../bearer.ts';
import { toJson } from '../../json.ts';
import { ApiKey } from '../../schemas/answers.ts';
import { NewApiKey } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

const Answer = Type.Object(
  {
    apiKey: ApiKey,
    key: Type.String({ description: 'In this answer once, stored as a hash only.' }),
  },
  strict,
);

export const addApiKey: Route = (api, { apiKeys }) => {
  api.post(
    '/v1/api-keys',
    {
      schema: {
        tags: ['API keys'],
        summary: 'Make a key for the API over TCP (on the unix socket only)',
        body: NewApiKey,
        response: { 201: Answer },
      },
    },
    async ({ body }, reply) => {
      const key = newApiKey();
      const apiKey = await apiKeys.add({ name: body.name, hash: hashApiKey(key) });
      return reply.code(201).send({ apiKey: toJson(apiKey), key });
    },
  );
};
