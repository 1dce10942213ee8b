import { create } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type AgentIdentity, trustedBy } from '../../../agent/identity/identity.ts';
import { trusting } from '../../../agent/identity/tls.ts';
import {
  HelloSchema,
  type SyncRequest,
  SyncRequestSchema,
  type SyncResponse,
  SyncService,
} from '../../../common/gen/turnpike/v1/sync_pb.ts';
import type { ReportResponse } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { reportMethod } from '../../../common/grpc/report-method.ts';
import { methodDefinition } from '../../../common/grpc/service.ts';
import { controllerName } from '../../../common/pki/names.ts';
import type { Cleanup } from './rig.ts';

/** A node that does only what the test tells it: for what a proper agent would never do. */
export class RawNode {
  readonly #client: Client;

  constructor(
    cleanup: Cleanup,
    address: string,
    identity: Pick<AgentIdentity, 'caCertificate' | 'nextCaCertificate'> & Partial<AgentIdentity>,
  ) {
    const { privateKey, certificate } = identity;
    const shown = privateKey && certificate ? { privateKey, certificate } : undefined;
    this.#client = new Client(
      address,
      credentials.createFromSecureContext(trusting(trustedBy(identity), shown)),
      {
        'grpc.ssl_target_name_override': controllerName,
        'grpc.per_rpc_retry_buffer_size': 0,
        'grpc.enable_retries': 0,
        'grpc.use_local_subchannel_pool': 1,
      },
    );
    cleanup.add(async () => this.#client.close());
  }

  sync(): RawStream<SyncRequest, SyncResponse> {
    const method = methodDefinition(SyncService.method.sync);
    return new RawStream(
      this.#client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        new Metadata(),
        {},
      ),
    );
  }

  report(): RawStream<Uint8Array, ReportResponse> {
    return new RawStream(
      this.#client.makeBidiStreamRequest(
        reportMethod.path,
        reportMethod.requestSerialize,
        reportMethod.responseDeserialize,
        new Metadata(),
        {},
      ),
    );
  }
}

export class RawStream<Request, Response> {
  readonly call: ClientDuplexStream<Request, Response>;
  readonly received: Response[] = [];
  /** With which error the stream ended. */
  readonly ended: Promise<ServiceError>;

  constructor(call: ClientDuplexStream<Request, Response>) {
    this.call = call;
    this.ended = new Promise((resolve) => call.once('error', (error) => resolve(error as ServiceError)));
  }

  /** Without it, nothing that comes is read. */
  listen(): this {
    this.call.on('data', (message: Response) => this.received.push(message));
    return this;
  }

  send(message: Request): this {
    this.call.write(message);
    return this;
  }
}

export function hello(
  revision = 0n,
  wireguardPublicKey = new Uint8Array(32).fill(7),
  instance = new Uint8Array(16),
): SyncRequest {
  const value = create(HelloSchema, { revision, wireguardPublicKey, agentVersion: '0.1.0', instance });
  return create(SyncRequestSchema, { message: { case: 'hello', value } });
}
