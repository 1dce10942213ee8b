import { status } from '@grpc/grpc-js';
import { describeError, TurnpikeError } from '../../common/errors.ts';

/**
 * What the end of a stream means:
 * - `refused`: the controller does not take this identity. Dial slowly, tell the operator.
 * - `lost`: the connection, or the controller at its other end, is gone. Dial a new one.
 * - `failed`: the controller is there but could not do it. Try again on the same connection.
 */
export interface Failure {
  readonly kind: 'refused' | 'lost' | 'failed';
  readonly reason: string;
}

const refusals: ReadonlySet<unknown> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.ABORTED,
]);
const losses: ReadonlySet<unknown> = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
]);

export function classifyFailure(error: unknown): Failure {
  if (error instanceof TurnpikeError) {
    const kind =
      error.code === 'unauthenticated' ? 'refused' : error.code === 'unavailable' ? 'lost' : 'failed';
    return { kind, reason: describeError(error) };
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!(error instanceof Error) || typeof code !== 'number')
    return { kind: 'failed', reason: describeError(error) };
  const details = 'details' in error ? String(error.details) : error.message;
  const kind = refusals.has(code)
    ? 'refused'
    : losses.has(code) || isReset(code, details)
      ? 'lost'
      : 'failed';
  return { kind, reason: details };
}

/** grpc-js reports a broken HTTP/2 connection as INTERNAL in some cases. */
function isReset(code: number, details: string): boolean {
  return code === status.INTERNAL && /RST_STREAM|ECONNRESET|socket|session/i.test(details);
}
