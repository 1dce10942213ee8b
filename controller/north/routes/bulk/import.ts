import type { Route } from '../../api.ts';
import { originOf } from '../../audit.ts';
import { countLines, readLines, showResult } from '../../bulk-lines.ts';
import { BulkResult, ImportQuery, Lines } from '../../schemas/bulk.ts';
import { takeLines, whileReading } from '../../take-lines.ts';

export const importLines: Route = (api) => {
  takeLines(api);
  api.post(
    '/v1/import',
    {
      config: { changes: false },
      schema: {
        tags: ['bulk'],
        summary:
          'Create and change many subscriptions and devices, line by line; the same lines again change nothing',
        querystring: ImportQuery,
        body: Lines,
        response: { 200: BulkResult },
      },
    },
    (request, reply) =>
      whileReading(request, reply, async (body, signal) => {
        const tally = countLines(request, request.query.dryRun);
        const wish = { ...request.query, signal, tally, origin: originOf(request) };
        return showResult(await request.catalogue.importLines(readLines(body), wish));
      }),
  );
};
