import type { FastifyError } from 'fastify';
import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import type { Violation } from '../../common/violation.ts';
import { BudgetError } from '../catalogue/api-key-budget.ts';

/** RFC 9457. `type` is stable and what programs look at; `detail` and `remedy` are for people. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** What the reader can do about it. */
  remedy?: string;
  /** Where in the request, as JSON Pointers. */
  errors?: Violation[];
  /** What the caller lacks. */
  scope?: string;
  /** The budget of the API key, where it is too small, and what is left of it; digits. */
  budgetBytes?: string;
  leftBytes?: string;
}

/** Every problem that there is, by the last part of its type; docs/api.md has the same list. */
export const problems = {
  invalid: { status: 400, title: 'The request is wrong' },
  unauthenticated: { status: 401, title: 'Who are you?' },
  forbidden: { status: 403, title: 'Not allowed' },
  'insufficient-scope': { status: 403, title: 'The API key lacks a scope' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Not with this method' },
  conflict: { status: 409, title: 'In conflict with what is there' },
  exhausted: { status: 409, title: 'A limit is reached' },
  'idempotency-in-flight': { status: 409, title: 'The same change is being made right now' },
  'idempotency-sealed': { status: 409, title: 'The change was made, and its answer cannot be read again' },
  'precondition-failed': { status: 412, title: 'It has changed meanwhile' },
  'idempotency-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'A mistake of ours' },
  environment: { status: 503, title: 'The controller cannot do its work' },
  unavailable: { status: 503, title: 'Not available now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problems;

const ofCode = (code: ErrorCode) => code.replaceAll('_', '-') as Dashed<ErrorCode>;
type Dashed<Text extends string> = Text extends `${infer Head}_${infer Tail}` ? `${Head}-${Tail}` : Text;

/** What is refused for reasons of HTTP, of which the books know nothing. */
export class Refusal extends TurnpikeError {
  readonly problem: ProblemName;
  readonly scope: string | undefined;

  constructor(problem: ProblemName, message: string, options: { remedy?: string; scope?: string } = {}) {
    super('invalid', message, options);
    this.problem = problem;
    this.scope = options.scope;
  }
}

/** A request that does not fit its schema. */
export class InvalidRequest extends TurnpikeError {
  readonly violations: readonly Violation[];

  constructor(part: string, violations: readonly Violation[]) {
    const first = violations[0];
    const where = first?.pointer ? first.pointer.slice(1).replaceAll('/', '.') : `the ${part}`;
    super('invalid', first === undefined ? `the ${part} is wrong` : `${where} ${first.message}`);
    this.violations = violations;
  }
}

/** The document for any error. Foreign ones tell nothing of themselves: they may hold keys and addresses. */
export function toProblem(error: unknown): Problem {
  if (error instanceof TurnpikeError) {
    return {
      ...problemOf(error instanceof Refusal ? error.problem : ofCode(error.code), error.message),
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
      ...(error.field === undefined
        ? {}
        : {
            errors: [{ pointer: `/${error.field}`, message: error.message.replace(`${error.field}: `, '') }],
          }),
      ...(error instanceof InvalidRequest ? { errors: [...error.violations] } : {}),
      ...(error instanceof BudgetError
        ? { budgetBytes: String(error.budgetBytes), leftBytes: String(error.leftBytes) }
        : {}),
      ...(error instanceof Refusal && error.scope !== undefined ? { scope: error.scope } : {}),
    };
  }
  const refusal = error as Partial<FastifyError>;
  if (refusal.code?.startsWith('FST_ERR_CTP') && refusal.statusCode !== undefined) {
    return { ...problemOf('invalid', describeBodyRefusal(refusal.code)), status: refusal.statusCode };
  }
  if (refusal.code === 'FST_ERR_BAD_URL' || refusal.code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return problemOf('invalid', 'the path of the URL is malformed or too long');
  }
  // Whatever else fastify finds wrong with a request is the caller's; its words may repeat what was sent.
  if (refusal.code?.startsWith('FST_ERR_') && refusal.statusCode !== undefined && refusal.statusCode < 500) {
    return {
      ...problemOf('invalid', 'this is not a request that the API understands'),
      status: refusal.statusCode,
    };
  }
  return problemOf('internal', 'something went wrong inside; the log of the controller has more');
}

/** Of a connection on which no request could be read, by Node's code. */
export function problemOfConnection(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { ...problemOf('invalid', 'the request did not come in time'), status: 408 };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { ...problemOf('invalid', 'the headers are larger than any request needs'), status: 431 };
  }
  return problemOf('invalid', 'this is not HTTP');
}

function problemOf(name: ProblemName, detail: string): Problem {
  const { status, title } = problems[name];
  return { type: `urn:turnpike:problem:${name}`, title, status, detail };
}

/** What fastify refuses before the schema is looked at, in our words. */
function describeBodyRefusal(code: string): string {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'the body is larger than any request needs to be';
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'the body must be JSON, with content-type application/json (of lists: application/x-ndjson)';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'the body is empty, but its content-type says JSON';
    default:
      return 'the body is not JSON';
  }
}
