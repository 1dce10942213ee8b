import { type StatusObject, status } from '@grpc/grpc-js';
import { describeError, type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import { grpcStatus } from '../../common/grpc/status.ts';

/** What went wrong inside (a full disk, a bug) is for our log; its text says things that no node should know. */
const inside: ReadonlySet<ErrorCode> = new Set(['internal', 'environment']);

export function isInside(error: unknown): boolean {
  return !(error instanceof TurnpikeError) || inside.has(error.code);
}

/** The status that a node is told. */
export function statusOf(error: unknown): Pick<StatusObject, 'code' | 'details'> {
  if (error instanceof TurnpikeError && !inside.has(error.code)) {
    return { code: grpcStatus[error.code], details: describeError(error) };
  }
  return { code: status.INTERNAL, details: 'the controller could not do it; its log says why' };
}
