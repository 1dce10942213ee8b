import swagger from '@fastify/swagger';
import { type FastifyReply, fastify } from 'fastify';
import Type from 'typebox';
import { TurnpikeError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Api, RouteContext } from './api.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { authenticate } from './bearer.ts';
import { InvalidRequest, toProblem } from './problem.ts';
import { routes } from './routes/routes.ts';
import { Problem } from './schemas/answers.ts';
import { strict } from './schemas/values.ts';
import { compileValidator } from './validation.ts';

export interface ApiOptions extends RouteContext {
  readonly log: Logger;
  readonly metrics: ApiMetrics;
  /** `socket`: whoever may open the socket is trusted. `key`: each request needs an API key. */
  readonly trust: 'socket' | 'key';
}

/** No request is larger: the largest is a group with all its allowed IPs. */
const bodyLimitBytes = 64 * 1024;

/** The HTTP API, ready to listen. */
export async function buildApi(options: ApiOptions): Promise<Api> {
  // Without a logger of its own: fastify's lines hold the caller's address.
  const api: Api = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    // What fastify refuses before there is a route; its own answer is no problem document.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as never, toProblem(error)),
    routerOptions: { maxParamLength: 400 },
  });
  api.setValidatorCompiler(compileValidator);
  api.removeContentTypeParser('text/plain');
  answerProblems(api, options.log);
  refuseWhatIsUnknown(api);
  if (options.trust === 'key') demandKeys(api, options);
  observe(api, options);
  await describeApi(api, options.version);
  for (const route of routes) route(api, options);
  api.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
  await api.ready();
  return api;
}

function answerProblems(api: Api, log: Logger): void {
  api.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    return sendProblem(reply, problem);
  });
  api.setNotFoundHandler((request) => {
    throw new TurnpikeError('not_found', `there is no ${request.method} ${request.url.split('?')[0]}`, {
      remedy: 'all there is stands at /openapi.json',
    });
  });
}

function sendProblem(reply: FastifyReply, problem: ReturnType<typeof toProblem>) {
  return reply.status(problem.status).type('application/problem+json').send(problem);
}

/** Query keys and bodies that a route does not ask for are mistakes of the caller, and are told. */
function refuseWhatIsUnknown(api: Api): void {
  api.addHook('onRoute', (route) => {
    route.schema = {
      querystring: Type.Object({}, strict),
      ...route.schema,
      response: {
        ...(route.schema?.response as object | undefined),
        default: {
          description: 'A problem (RFC 9457).',
          content: { 'application/problem+json': { schema: Problem } },
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

function demandKeys(api: Api, { apiKeys }: ApiOptions): void {
  api.addHook('onRequest', async (request) => {
    await authenticate(request.headers.authorization, apiKeys);
    // The route that was found, not the URL: that one can be written in many ways.
    if (/^\/v1\/(api-keys|ca)(\/|$)/.test(request.routeOptions.url ?? '')) {
      throw new TurnpikeError('forbidden', "an API key cannot manage API keys or the fleet's CA", {
        remedy: 'use the unix socket on the machine of the controller',
      });
    }
  });
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

async function describeApi(api: Api, version: string): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Turnpike',
        version,
        description:
          'Bytes are strings of digits, because they may pass 2^53; times are RFC 3339; errors are problem ' +
          'documents (RFC 9457) with a stable type. What a request holds that is not described here is refused.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }, {}],
    },
  });
}
