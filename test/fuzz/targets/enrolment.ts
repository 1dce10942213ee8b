import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { join } from '../../../agent/commands/join.ts';
import { createRequest } from '../../../agent/identity/request.ts';
import { systemClock } from '../../../common/clock.ts';
import {
  EnrolmentService,
  EnrolRequestSchema,
  IdentityService,
  RecoverRequestSchema,
  RenewRequestSchema,
} from '../../../common/gen/turnpike/v1/enrolment_pb.ts';
import { methodDefinition } from '../../../common/grpc/service.ts';
import { parsePem } from '../../../common/pki/keys.ts';
import { parseJoinCommand } from '../../unit/controller/node-stand-in.ts';
import { checkRefusal, hold } from '../expect.ts';
import { checkEnded, type Fleet, openFleet } from '../fleet.ts';
import { mutatedText } from '../mutate.ts';
import { mutatedBytes } from '../mutate-bytes.ts';
import { RawGrpc } from '../raw-grpc.ts';
import type { FuzzTarget } from '../target.ts';

/** So that the limit of attempts of one network is not what answers. */
const caller = fc.tuple(fc.nat(250), fc.integer({ min: 2, max: 250 })).map(([c, d]) => `127.0.${c}.${d}`);

export const enrolment: FuzzTarget = {
  name: 'enrolment',
  holds: 'join commands, and messages to join, renew and recover: taken, or refused in our own words',
  files: [
    ...['enrol', 'renew', 'unary'].map((file) => `controller/south/${file}.ts`),
    ...['csr', 'peer'].map((file) => `controller/identity/${file}.ts`),
    ...['agent/commands/join.ts', 'agent/identity/pinned-authority.ts', 'agent/identity/enrol.ts'],
  ],
  open: async () => {
    const fleet = await openFleet();
    const { controller, token, pin } = parseJoinCommand(await fleet.joinCommand());
    const messages = fc.constantFrom(...(await recorded(fleet, token)));
    const message = messages.chain(({ to, path, bytes }) =>
      mutatedBytes(fc.constant(bytes)).map((changed) => ({ to, path, bytes: changed })),
    );
    const command = fc.oneof(
      mutatedText([token]).map((changed) => ({ controller, token: changed, pin })),
      mutatedText([pin]).map((changed) => ({ controller, token, pin: changed })),
    );
    return {
      property: fc.asyncProperty(
        message,
        caller,
        fc.option(command, { freq: 3, nil: undefined }),
        async (one, from, typed) => {
          await send(fleet, one, from);
          if (typed !== undefined) await type(fleet, typed, token);
          fleet.checkFailures();
        },
      ) as fc.IAsyncProperty<unknown>,
      close: () => fleet.close(),
    };
  },
};

interface Message {
  readonly to: 'nodes' | 'enrolment';
  readonly path: string;
  readonly bytes: Uint8Array;
}

async function recorded(fleet: Fleet, token: string): Promise<Message[]> {
  const { privateKey, certificate } = fleet.identity();
  const csr = await createRequest(privateKey);
  const { enrol, recover } = EnrolmentService.method;
  return [
    {
      to: 'enrolment',
      path: methodDefinition(enrol).path,
      bytes: toBinary(EnrolRequestSchema, create(EnrolRequestSchema, { token, csr })),
    },
    {
      to: 'enrolment',
      path: methodDefinition(recover).path,
      bytes: toBinary(
        RecoverRequestSchema,
        create(RecoverRequestSchema, { certificate: parsePem('CERTIFICATE', certificate), csr }),
      ),
    },
    {
      to: 'nodes',
      path: methodDefinition(IdentityService.method.renew).path,
      bytes: toBinary(RenewRequestSchema, create(RenewRequestSchema, { csr })),
    },
  ];
}

async function send(fleet: Fleet, { to, path, bytes }: Message, from: string): Promise<void> {
  const { privateKey: key, certificate: cert } = fleet.identity();
  const raw = new RawGrpc(
    `127.0.0.1:${fleet.controller.ports[to]}`,
    to === 'nodes' ? { key, cert } : {},
    from,
  );
  try {
    checkEnded(await raw.call(path, [bytes]));
  } finally {
    raw.close();
  }
}

async function type(
  fleet: Fleet,
  typed: { readonly controller: string; readonly token: string; readonly pin: string },
  token: string,
): Promise<void> {
  const stateDirectory = await mkdtemp(joinPath(tmpdir(), 'turnpike-fuzz-'));
  try {
    const { identity } = await join({ ...typed, stateDirectory, forceNew: false }, systemClock);
    hold(typed.token.trim() === token, 'another token was taken');
    hold(identity.nodeId === fleet.identity().nodeId, 'it became another node');
  } catch (error) {
    checkRefusal(error);
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
}
