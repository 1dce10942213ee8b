import { type Client, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';

/**
 * A unary call, given up after `timeoutMs`.
 * @throws the ServiceError of grpc-js
 */
export function callUnary<Request, Response>(
  client: Client,
  method: MethodDefinition<Request, Response>,
  request: Request,
  clock: Clock,
  timeoutMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    // Not a deadline of grpc-js: that is a time of day, and would be another one after the clock was set.
    const timer = clock.after(timeoutMs, () => call.cancel());
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      {},
      (error, response) => {
        timer.cancel();
        if (response !== undefined) resolve(response);
        else reject(error ?? new TurnpikeError('unavailable', 'an empty answer'));
      },
    );
  });
}
