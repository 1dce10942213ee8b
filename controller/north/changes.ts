import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Found } from '../audit/audit.ts';
import type { Answer, Outcome, Repeatable } from '../idempotency/changes.ts';
import type { Api, RouteContext } from './api.ts';
import { auditDone, describe } from './audit.ts';
import { Refusal } from './problem.ts';
import { etagOf, matches, type Version, type Versioned } from './versions.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * Every route that changes something: one transaction for each request, in the audit log too, If-Match looked at within it, and made once
 * for each Idempotency-Key.
 */
export function makeChangesOnce(api: Api, context: RouteContext): void {
  api.addHook('onRoute', (route) => {
    if (isChange(route)) {
      const handler = route.handler as unknown as Handler;
      route.handler = ((request: FastifyRequest, reply: FastifyReply) =>
        change(context, route, request, reply, handler)) as never;
    } else if (route.config?.versioned !== undefined) {
      const { versioned } = route.config;
      const handler = route.handler as unknown as Handler;
      route.handler = (async (request: FastifyRequest, reply: FastifyReply) => {
        reply.header('etag', etagOf(await load(versioned, request)));
        return handler.call(api, request, reply);
      }) as never;
    }
  });
}

export function isChange({ method, config }: Pick<RouteOptions, 'method' | 'config'>): boolean {
  return method !== 'GET' && method !== 'HEAD' && config?.changes !== false;
}

async function change(
  context: RouteContext,
  route: RouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  handler: Handler,
): Promise<unknown> {
  const { changes } = context;
  const versioned = route.config?.versioned;
  const repeatable = readKey(request);
  let etag: string | undefined;
  const asked = describe(request);
  // Found before the change, which may give it another name.
  let found: Found = { named: {}, reached: new Map() };
  const record = async ({ status, body }: Answer) => {
    // Only now: of what the caller may not see, nothing is said.
    if (route.config?.right !== true) await context.privacy.refuseRestricted(found.named);
    await auditDone(context, { ...asked, ...found }, status, body);
  };
  const work = async () => {
    found = await context.audit.find(asked);
    const version = await checkVersion(versioned, request);
    const body = await handler(request, reply);
    // What a removal leaves has no version.
    if (versioned !== undefined && version !== undefined && route.method !== 'DELETE') {
      etag = etagOf(await versioned.load(request.catalogue, version.id));
    }
    return { status: successOf(route), body };
  };
  const outcome = await changes.make(repeatable, work, record);
  const answer = await settle(context, request, repeatable, answerOf(outcome));
  if (etag !== undefined) reply.header('etag', etag);
  if (outcome.kind === 'repeated') reply.header('idempotency-replayed', 'true');
  reply.code(answer.status);
  return answer.body;
}

/** The structured header of the draft has quotes around it; most clients send it without. */
function readKey(request: FastifyRequest): Repeatable | undefined {
  const header = request.headers['idempotency-key'];
  if (typeof header !== 'string' || request.caller === undefined) return undefined;
  const { method, url, body } = request;
  const { id: caller, secret } = request.caller;
  return { caller, secret, key: header.replace(/^"(.*)"$/, '$1'), request: { method, url, body } };
}

/** What the wait after a change gave; the retry of a request gets that too. */
async function settle(
  { changes }: RouteContext,
  { afterwards }: FastifyRequest,
  repeatable: Repeatable | undefined,
  answer: Answer,
): Promise<Answer> {
  if (afterwards === undefined) return answer;
  const settled = { ...answer, body: await afterwards() };
  if (repeatable !== undefined) await changes.amend(repeatable, settled);
  return settled;
}

/** @returns what is to be changed, as it is */
async function checkVersion(
  versioned: Versioned | undefined,
  request: FastifyRequest,
): Promise<Version | undefined> {
  const wanted = request.headers['if-match'];
  if (versioned === undefined) {
    if (wanted === undefined) return undefined;
    throw new Refusal('invalid', 'this request takes no If-Match', {
      remedy: 'leave it out; the description at /openapi.json says which take one',
    });
  }
  const found = await load(versioned, request);
  if (wanted === undefined || matches(wanted, etagOf(found))) return found;
  throw new Refusal(
    'precondition-failed',
    'it is no longer as it was when you read it: nothing was changed',
    {
      remedy: 'read it again, and decide anew',
    },
  );
}

function load({ parameter, load }: Versioned, { params, catalogue }: FastifyRequest) {
  return load(catalogue, (params as Record<string, string>)[parameter] ?? '');
}

function answerOf(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'done':
    case 'repeated':
      return outcome.answer;
    case 'reused':
      throw new Refusal('idempotency-reused', 'this Idempotency-Key was used for another request', {
        remedy: 'take a new key for each change, and the same one only to send the same request again',
      });
    case 'in-flight':
      throw new Refusal('idempotency-in-flight', 'a request with this Idempotency-Key is at work', {
        remedy: 'wait a moment, and send it again',
      });
    case 'sealed':
      throw new Refusal(
        'idempotency-sealed',
        'the change was made, but its answer was kept for the API key as it was before it was rotated',
        { remedy: 'look at what the change made; give a device other keys with rekey' },
      );
  }
}

/** The status that the route's schema promises. */
function successOf({ schema }: RouteOptions): number {
  const statuses = Object.keys((schema?.response as object | undefined) ?? {}).map(Number);
  return statuses.find((status) => status >= 200 && status < 300) ?? 200;
}
