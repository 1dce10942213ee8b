import type { Route } from '../../api.ts';
import { originOf } from '../../audit.ts';
import { countLines, readLines, showResult } from '../../bulk-lines.ts';
import { BulkResult, Lines, ReconcileQuery } from '../../schemas/bulk.ts';
import { takeLines, whileReading } from '../../take-lines.ts';

export const reconcile: Route = (api) => {
  takeLines(api);
  api.post(
    '/v1/reconcile',
    {
      config: { changes: false },
      schema: {
        tags: ['bulk'],
        summary: "Compare with the billing system's whole list, and mend what is missing or different",
        querystring: ReconcileQuery,
        body: Lines,
        response: { 200: BulkResult },
      },
    },
    (request, reply) =>
      whileReading(request, reply, async (body, signal) => {
        const tally = countLines(request, request.query.dryRun);
        const wish = { ...request.query, signal, tally, origin: originOf(request) };
        return showResult(await request.catalogue.reconcileLines(readLines(body), wish));
      }),
  );
};
