import { fastifySSE } from '@fastify/sse';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyReply, fastify, type RouteOptions } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { TurnpikeError } from '../../common/errors.ts';
import { type HttpLimits, httpServerOptions, listenerLimits } from '../../common/listener-limits.ts';
import type { Logger } from '../../common/log.ts';
import type { Scope } from '../catalogue/api-key-scopes.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { demandKeys, giveCatalogues, trustCallers } from './access.ts';
import type { Api, Route, RouteContext } from './api.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { auditAnswers, auditRefused } from './audit.ts';
import { isChange, makeChangesOnce } from './changes.ts';
import { limitConnections } from './connections.ts';
import { describeApi } from './describe.ts';
import { readJsonBodies } from './json-body.ts';
import { refuseOtherMethods } from './methods.ts';
import { InvalidRequest, type Problem, toProblem } from './problem.ts';
import { limitRates } from './rate-limit.ts';
import { refuseConnection } from './refuse-connection.ts';
import { confinable, routes } from './routes/routes.ts';
import { Problem as ProblemSchema } from './schemas/answers.ts';
import { IdempotencyKey, IfMatch } from './schemas/requests.ts';
import { strict } from './schemas/values.ts';
import { compileValidator } from './validation.ts';

export interface ApiOptions extends RouteContext {
  readonly catalogue: Catalogue;
  readonly log: Logger;
  readonly metrics: ApiMetrics;
  /** `socket`: whoever may open the socket is trusted. `key`: each request needs an API key. */
  readonly trust: 'socket' | 'key';
  /** Of one API key. */
  readonly requestsPerMinute: number;
  readonly limits?: HttpLimits;
}

/** The HTTP API, ready to listen. */
export async function buildApi(options: ApiOptions): Promise<Api> {
  const limits = options.limits ?? listenerLimits.api;
  // Without a logger of its own: fastify's lines hold the caller's address.
  const api: Api = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.silenceMs,
    http: httpServerOptions(limits),
    clientErrorHandler: refuseConnection,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    // What fastify refuses before there is a route; its own answer is no problem document.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as never, toProblem(error)),
    routerOptions: { maxParamLength: 400 },
  });
  api.setValidatorCompiler(compileValidator);
  api.removeContentTypeParser('text/plain');
  readJsonBodies(api);
  answerProblems(api, options);
  refuseWhatIsUnknown(api);
  api.decorateRequest('caller', undefined);
  api.decorateRequest('afterwards', undefined);
  api.decorateRequest('figures', undefined);
  giveCatalogues(api, options.catalogue);
  if (options.trust === 'key') {
    demandKeys(api, options.apiKeys);
    limitConnections(api, limits.crowd);
    await limitRates(api, options.requestsPerMinute);
  } else trustCallers(api);
  const added: RouteOptions[] = [];
  refuseOtherMethods(api, added);
  makeChangesOnce(api, options);
  auditAnswers(api, options);
  await allowStreams(api);
  observe(api, options);
  await describeApi(api, options.version);
  await addRoutes(api, options, added);
  await api.ready();
  return api;
}

function answerProblems(api: Api, options: ApiOptions): void {
  const { log } = options;
  api.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    const challenge = challengeOf(problem);
    if (challenge !== undefined) reply.header('www-authenticate', challenge);
    auditRefused(options, request, problem);
    return sendProblem(reply, problem);
  });
  api.setNotFoundHandler((request) => {
    throw new TurnpikeError('not_found', `there is no ${request.method} ${request.url.split('?')[0]}`, {
      remedy: 'all there is stands at /openapi.json',
    });
  });
}

/** RFC 6750, 3.1. */
function challengeOf({ status, scope }: Problem): string | undefined {
  if (status === 401) return 'Bearer';
  return scope === undefined ? undefined : `Bearer error="insufficient_scope", scope="${scope}"`;
}

function sendProblem(reply: FastifyReply, problem: ReturnType<typeof toProblem>) {
  return reply.status(problem.status).type('application/problem+json').send(problem);
}

/** Query keys and bodies that a route does not ask for are mistakes of the caller, and are told. */
function refuseWhatIsUnknown(api: Api): void {
  api.addHook('onRoute', (route) => {
    route.schema = {
      querystring: Type.Object({}, strict),
      ...headersOf(route),
      ...route.schema,
      response: {
        ...(route.schema?.response as object | undefined),
        default: {
          description: 'A problem (RFC 9457).',
          content: { 'application/problem+json': { schema: ProblemSchema } },
        },
      },
    };
  });
  api.addHook('preValidation', async (request) => {
    const { body } = request;
    if (body === undefined || body === null || request.routeOptions.schema?.body !== undefined) return;
    const keys = typeof body === 'object' ? Object.keys(body) : [''];
    if (keys.length === 0) return;
    const violations = keys.map((key) => ({ pointer: `/${key}`, message: 'is not a known key' }));
    throw new InvalidRequest('body', violations);
  });
}

/** Headers that a route looks at; others are nobody's business. */
function headersOf(route: RouteOptions): { headers?: TSchema } {
  if (!isChange(route)) return {};
  const ifMatch = route.config?.versioned === undefined ? {} : { 'if-match': IfMatch };
  return { headers: Type.Object({ 'idempotency-key': IdempotencyKey, ...ifMatch }) };
}

/** One place says which scope each route needs; one without does not start. */
async function addRoutes(api: Api, context: RouteContext, added: RouteOptions[]): Promise<void> {
  api.addHook('onRoute', (route) => void added.push(route));
  for (const [scope, list] of Object.entries(routes) as [Scope | 'socket', readonly Route[]][]) {
    for (const route of list) {
      // Each by itself: some take other bodies than JSON.
      await api.register(async (own) => {
        own.addHook('onRoute', (added) => {
          added.config = { ...added.config, scope, confinable: confinable.has(route) };
          added.schema = { ...added.schema, security: [{ key: [scope] }], operationId: route.name };
        });
        route(own as Api, context);
      });
    }
  }
  await api.register(async (open) => {
    open.addHook('onRoute', (route) => {
      route.config = { ...route.config, scope: 'public' };
      route.schema = { ...route.schema, hide: true };
    });
    open.get('/openapi.json', async () => api.swagger());
    await open.register(swaggerUi, { routePrefix: '/reference', staticCSP: true });
  });
  for (const { method, url, config } of added) {
    if (config?.scope === undefined) {
      throw new TurnpikeError('internal', `the route ${method} ${url} is under no scope in routes.ts`);
    }
  }
}

function observe(api: Api, { log, metrics }: ApiOptions): void {
  api.addHook('onRequest', async (_request, reply) => {
    // Answers hold keys now and then.
    reply.header('cache-control', 'no-store');
  });
  api.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode: status, elapsedTime } = reply;
    metrics.answered({ method, route, status }, elapsedTime / 1000);
    const level = method === 'GET' ? 'debug' : 'info';
    log[level]({ method, route, status, milliseconds: Math.round(elapsedTime) }, 'request answered');
  });
}

async function allowStreams(api: Api): Promise<void> {
  await api.register(fastifySSE, { heartbeatInterval: 15_000 });
  api.decorate('streams', new Set<AbortController>());
  api.decorate('lists', new Map<string, number>());
  api.addHook('preClose', async () => {
    for (const stream of api.streams) stream.abort();
  });
}
