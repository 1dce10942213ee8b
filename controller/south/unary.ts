import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import type { Logger } from '../../common/log.ts';
import { isInside, statusOf } from './status.ts';

/** A unary handler from an async function; what it throws becomes a status. */
export function answer<Request, Response>(
  log: Logger,
  serve: (call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    serve(call).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (isInside(error)) log.error({ rpc: call.getPath(), err: error }, 'a call failed');
        callback(statusOf(error));
      },
    );
  };
}
