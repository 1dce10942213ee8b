import { Readable } from 'node:stream';
import Type from 'typebox';
import type { Line } from '../../../bulk/line.ts';
import type { Route } from '../../api.ts';

export const exportLines: Route = (api) => {
  api.get(
    '/v1/export',
    {
      schema: {
        tags: ['bulk'],
        summary:
          'Subscriptions that are not cancelled, each followed by its devices, as lines that can be imported',
        response: {
          200: {
            description:
              'One JSON object (SubscriptionLine or DeviceLine) a line. No preshared key is in it.',
            content: { 'application/x-ndjson': { schema: Type.String() } },
          },
        },
      },
    },
    async ({ catalogue }, reply) =>
      reply.type('application/x-ndjson').send(Readable.from(texts(catalogue.exportLines())) as never),
  );
};

async function* texts(pages: AsyncIterable<readonly Line[]>): AsyncGenerator<string> {
  for await (const lines of pages) yield lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
