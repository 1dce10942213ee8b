import type { FastifyError } from 'fastify';
import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import type { Violation } from '../../common/violation.ts';

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
}

const problems = {
  invalid: { status: 400, title: 'The request is wrong' },
  unauthenticated: { status: 401, title: 'Who are you?' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'In conflict with what is there' },
  exhausted: { status: 409, title: 'A limit is reached' },
  internal: { status: 500, title: 'A mistake of ours' },
  environment: { status: 503, title: 'The controller cannot do its work' },
  unavailable: { status: 503, title: 'Not available now' },
} as const satisfies Record<ErrorCode, { status: number; title: string }>;

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
      ...problemOf(error.code, error.message),
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
      ...(error.field === undefined
        ? {}
        : {
            errors: [{ pointer: `/${error.field}`, message: error.message.replace(`${error.field}: `, '') }],
          }),
      ...(error instanceof InvalidRequest ? { errors: [...error.violations] } : {}),
    };
  }
  const refusal = error as Partial<FastifyError>;
  if (refusal.code?.startsWith('FST_ERR_CTP') && refusal.statusCode !== undefined) {
    return { ...problemOf('invalid', describeBodyRefusal(refusal.code)), status: refusal.statusCode };
  }
  if (refusal.code === 'FST_ERR_BAD_URL' || refusal.code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return problemOf('invalid', 'the path of the URL is malformed or too long');
  }
  return problemOf('internal', 'something went wrong inside; the log of the controller has more');
}

function problemOf(code: ErrorCode, detail: string): Problem {
  const { status, title } = problems[code];
  return { type: `urn:turnpike:problem:${code.replaceAll('_', '-')}`, title, status, detail };
}

/** What fastify refuses before the schema is looked at, in our words. */
function describeBodyRefusal(code: string): string {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'the body is larger than any request needs to be';
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'the body must be JSON, with content-type application/json';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'the body is empty, but its content-type says JSON';
    default:
      return 'the body is not JSON';
  }
}
