import { status } from '@grpc/grpc-js';
import { describeError, TurnpikeError } from '../../common/errors.ts';

/**
 * What the end of a stream means:
 * - `revoked`: the controller itself, past TLS, says that this identity is no longer valid. Its devices are closed.
 * - `refused`: this identity gets no stream, but nobody said that it was revoked. Dial slowly, tell the operator.
 * - `lost`: the connection, or the controller at its other end, is gone. Dial a new one.
 * - `failed`: the controller is there but could not do it. Try again on the same connection.
 */
export interface Failure {
  readonly kind: 'revoked' | 'refused' | 'lost' | 'failed';
  readonly reason: string;
}

const refusals: ReadonlySet<unknown> = new Set([status.PERMISSION_DENIED, status.ABORTED]);
const losses: ReadonlySet<unknown> = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
]);

export function classifyFailure(error: unknown): Failure {
  if (error instanceof TurnpikeError) {
    // Our own word: a certificate that has ended here says nothing of what the controller thinks.
    const kind =
      error.code === 'unauthenticated' ? 'refused' : error.code === 'unavailable' ? 'lost' : 'failed';
    return { kind, reason: describeError(error) };
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!(error instanceof Error) || typeof code !== 'number')
    return { kind: 'failed', reason: describeError(error) };
  const details = 'details' in error ? String(error.details) : error.message;
  return { kind: kindOf(code, details), reason: details };
}

function kindOf(code: number, details: string): Failure['kind'] {
  if (code === status.UNAUTHENTICATED) return 'revoked';
  if (refusals.has(code)) return 'refused';
  return losses.has(code) || isReset(code, details) ? 'lost' : 'failed';
}

/** grpc-js reports a broken HTTP/2 connection as INTERNAL in some cases. */
function isReset(code: number, details: string): boolean {
  return code === status.INTERNAL && /RST_STREAM|ECONNRESET|socket|session/i.test(details);
}
