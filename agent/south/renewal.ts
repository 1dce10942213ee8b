import { create } from '@bufbuild/protobuf';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { IdentityService, RenewRequestSchema } from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { callUnary } from '../../common/grpc/call.ts';
import { methodDefinition } from '../../common/grpc/service.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import { acceptIdentity } from '../identity/accept.ts';
import { type AgentIdentity, certificateLife } from '../identity/identity.ts';
import { createRequest } from '../identity/request.ts';
import type { ControllerConnection } from './connection.ts';
import { classifyFailure } from './failure.ts';

const method = methodDefinition(IdentityService.method.renew);
/** Timers hold 24 days at most, and the wall clock may jump: so look at it from time to time. */
const lookEveryMs = 3600_000;
const timeoutMs = 30_000;

export interface RenewalOptions {
  readonly connection: ControllerConnection;
  /** Stores the new identity before it is used. */
  readonly save: (identity: AgentIdentity) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Between attempts that fail, about. */
  readonly retryMs: number;
}

/** Renews the node's certificate at two thirds of its life. */
export function renewalTask(options: RenewalOptions): Task {
  const { connection, clock, log, random, retryMs } = options;
  return {
    name: 'certificate renewal',
    async run(signal, ready) {
      ready();
      while (!signal.aborted) {
        const { from, until } = certificateLife(connection.identity);
        const left = from + ((until - from) * 2) / 3 - clock.now();
        if (left > 0) {
          await clock.sleep(Math.min(left, lookEveryMs), signal);
          continue;
        }
        try {
          await renew(options);
          log.info('the certificate was renewed');
        } catch (error) {
          const { reason } = classifyFailure(error);
          log.warn(
            { reason, until: new Date(until).toISOString() },
            'the certificate could not be renewed yet',
          );
          await clock.sleep(retryMs * (0.5 + random()), signal);
        }
      }
    },
  };
}

async function renew({ connection, save, clock }: RenewalOptions): Promise<void> {
  const { identity } = connection;
  const { client } = connection.channel();
  const request = create(RenewRequestSchema, { csr: await createRequest(identity.privateKey) });
  const response = await callUnary(client, method, request, clock, timeoutMs);
  const renewed = acceptIdentity(response.identity, identity, clock.now());
  if (renewed.nodeId !== identity.nodeId || renewed.incarnation !== identity.incarnation) {
    throw new TurnpikeError('unavailable', 'the controller renewed the certificate of another node');
  }
  await save(renewed);
  connection.replaceIdentity(renewed);
}
