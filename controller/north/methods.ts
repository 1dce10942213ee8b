import type { RouteOptions } from 'fastify';
import type { Api } from './api.ts';
import { Refusal } from './problem.ts';

/**
 * Where there is something for one method, others are told which (RFC 9110, 15.5.6), before a body is looked at. Looked
 * for only where no route was found. `routes`: all that there are once the API is ready.
 */
export function refuseOtherMethods(api: Api, routes: readonly Pick<RouteOptions, 'method' | 'url'>[]): void {
  api.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?')[0] ?? '';
    const methods = routes.filter(({ url }) => matches(url, path)).flatMap(({ method }) => method);
    if (methods.length === 0) return;
    const allow = methods.sort().join(', ');
    reply.header('allow', allow);
    throw new Refusal('method-not-allowed', `${path} knows no ${request.method}`, { remedy: `use ${allow}` });
  });
}

/** Whether a path is of a route: `:name` stands for one segment, `*` for the rest. */
function matches(url: string, path: string): boolean {
  const wanted = url.split('/');
  const segments = path.split('/');
  if (wanted.at(-1) !== '*' && wanted.length !== segments.length) return false;
  return wanted.every(
    (part, n) => part === '*' || part === segments[n] || (part.startsWith(':') && segments[n] !== ''),
  );
}
