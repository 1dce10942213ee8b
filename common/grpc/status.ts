import { status } from '@grpc/grpc-js';
import type { ErrorCode } from '../errors.ts';

/** gRPC status for each of our codes, at the edge only. */
export const grpcStatus = {
  invalid: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  conflict: status.ABORTED,
  exhausted: status.RESOURCE_EXHAUSTED,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  unavailable: status.UNAVAILABLE,
  environment: status.FAILED_PRECONDITION,
  internal: status.INTERNAL,
} as const satisfies Record<ErrorCode, status>;
