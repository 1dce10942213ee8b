import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { join } from '../../../agent/commands/join.ts';
import { systemClock } from '../../../common/clock.ts';
import {
  type Device,
  HelloSchema,
  type Subscription,
  type SyncRequest,
  SyncRequestSchema,
  type SyncResponse,
} from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { ReportRequestSchema, type ReportResponse } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { parseJoinCommand } from '../controller/node-stand-in.ts';
import { RawNode, type RawStream } from '../south/raw-node.ts';
import { type Cleanup, until } from '../south/rig.ts';

/** A node that holds a valid certificate, and says whatever the test makes it say. */
export class MaliciousNode {
  readonly raw: RawNode;
  readonly sync: RawStream<SyncRequest, SyncResponse>;
  readonly reports: RawStream<Uint8Array, ReportResponse>;
  readonly devices = new Map<string, Device>();
  readonly subscriptions = new Map<string, Subscription>();
  #number = 0n;

  private constructor(raw: RawNode) {
    this.raw = raw;
    this.sync = raw.sync();
    this.reports = raw.report().listen();
    this.sync.call.on('data', ({ message }: SyncResponse) => {
      if (message.case !== 'delta') return;
      for (const one of message.value.devices) this.devices.set(one.id, one);
      for (const one of message.value.subscriptions) this.subscriptions.set(one.id, one);
    });
  }

  static async join(
    cleanup: Cleanup,
    command: string,
    hello: MessageInitShape<typeof HelloSchema> = {},
  ): Promise<MaliciousNode> {
    const directory = await mkdtemp(joinPath(tmpdir(), 'turnpike-malicious-'));
    cleanup.add(() => rm(directory, { recursive: true }));
    const { identity } = await join(
      { ...parseJoinCommand(command), stateDirectory: directory, forceNew: false },
      systemClock,
    );
    const node = new MaliciousNode(new RawNode(cleanup, identity.controllerAddress, identity));
    const value = create(HelloSchema, {
      ...{ wireguardPublicKey: randomBytes(32), instance: randomBytes(16) },
      ...hello,
    });
    node.sync.send(create(SyncRequestSchema, { message: { case: 'hello', value } }));
    return node;
  }

  /** Resolves when the controller has taken it. */
  async report(report: MessageInitShape<typeof ReportRequestSchema>): Promise<void> {
    const number = this.#number + 1n;
    this.#number = number;
    this.reports.send(reportBytes({ number, ...report }));
    await until(() => {
      if (!this.reports.received.some((answer) => answer.number === number))
        throw new Error('not acknowledged');
    });
  }

  say(message: SyncRequest['message']): void {
    this.sync.send(create(SyncRequestSchema, { message }));
  }
}

export function reportBytes(report: MessageInitShape<typeof ReportRequestSchema>): Uint8Array {
  return toBinary(ReportRequestSchema, create(ReportRequestSchema, report));
}
