import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../common/log.ts';
import type { Origin, Request } from '../audit/audit.ts';
import type { Actor } from '../audit/record.ts';
import type { Named } from '../audit/subject.ts';
import type { Api, RouteContext } from './api.ts';
import type { Problem } from './problem.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Writes down what hands out secrets or personal data, and what is changed elsewhere than in the books. */
export function auditAnswers(api: Api, context: RouteContext): void {
  api.addHook('onRoute', (route) => {
    const { method, config } = route;
    const changesElsewhere = method !== 'GET' && method !== 'HEAD' && config?.changes === false;
    if (!changesElsewhere && config?.audited !== true) return;
    const handler = route.handler as unknown as Handler;
    route.handler = (async (request: FastifyRequest, reply: FastifyReply) => {
      const body = await handler.call(api, request, reply);
      await auditDone(context, describe(request), reply.statusCode, body);
      return body;
    }) as never;
  });
}

/** Writes down what was done, in the transaction that is under way, if there is one. */
export function auditDone(
  { audit }: RouteContext,
  request: Request,
  status: number,
  answer: unknown,
): Promise<void> {
  return audit.done(request, status, idsIn(answer));
}

/** Writes down a change that was refused, and whatever somebody may not do. Nobody waits for that. */
export function auditRefused(
  { audit, log }: RouteContext & { readonly log: Logger },
  request: FastifyRequest,
  { status, type }: Problem,
): void {
  const { url, config, method } = request.routeOptions;
  const reads = method === 'GET' || method === 'HEAD';
  if (url === undefined || config.scope === 'public' || (reads && status !== 401 && status !== 403)) return;
  audit.refused(describe(request), status, type.slice(type.lastIndexOf(':') + 1)).catch((error) => {
    log.error({ err: error }, 'a refused attempt could not be written down');
  });
}

/** What somebody asks for. */
export function describe(request: FastifyRequest): Request {
  const tag = request.caller?.apiKey?.tag ?? undefined;
  return { ...originOf(request), named: namedIn(request), tag, figures: request.figures?.() };
}

/** Who asks, and how. */
export function originOf(request: FastifyRequest): Origin {
  return { actor: actorOf(request), method: request.method, route: request.routeOptions.url ?? '' };
}

/** By the names of its parameters, in path and body; what the route does not ask for names nothing. */
function namedIn({ params, body, routeOptions }: FastifyRequest): Named {
  const { properties = {} } = (routeOptions.schema?.body ?? {}) as { properties?: object };
  const told = isPlain(body)
    ? Object.entries(body).filter(([field]) => Object.hasOwn(properties, field))
    : [];
  const inPath = params as object | undefined;
  // The path comes first, and goes before the body where both say something.
  return { ...inPath, ...Object.fromEntries(told), ...inPath };
}

/** Not a stream, and not bytes. */
function isPlain(body: unknown): body is object {
  return typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype;
}

function actorOf({ caller }: FastifyRequest): Actor {
  if (caller === undefined) return { id: 'unknown' };
  if (caller.apiKey === undefined) return { id: caller.id, uid: caller.uid };
  return { id: caller.id, name: caller.apiKey.name };
}

/** Of the answer itself and of what it is made of. */
function idsIn(answer: unknown): string[] {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return [];
  return [answer, ...Object.values(answer as object)].flatMap((part: unknown) =>
    typeof part === 'object' && part !== null && 'id' in part && typeof part.id === 'string' ? [part.id] : [],
  );
}
