import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { SyncRequestSchema, SyncService } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { ReportRequestSchema, UsageService } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { methodDefinition } from '../../../common/grpc/service.ts';
import { hold } from '../expect.ts';
import { checkEnded, type Fleet, openFleet } from '../fleet.ts';
import { mutatedBytes } from '../mutate-bytes.ts';
import { type Ended, RawGrpc } from '../raw-grpc.ts';
import type { FuzzTarget } from '../target.ts';

const volume = 100_000_000n;
const unauthenticated = 16;

interface Sold {
  readonly subscription: string;
  readonly device: string;
}

export const nodeBytes: FuzzTarget = {
  name: 'node-bytes',
  holds:
    'a node’s messages with changed bytes, over real TLS: booked within the volume or refused, and others left alone',
  files: [
    ...['sync', 'report', 'node-stream', 'status'].map((file) => `controller/south/${file}.ts`),
    'controller/accounting/booking.ts',
  ],
  open: async () => {
    const fleet = await openFleet();
    const own = await sell(fleet, 'here');
    await fleet.controller.turnpike.json('group', 'add', 'elsewhere');
    const foreign = await sell(fleet, 'there', '--group', 'elsewhere');
    const sync = fc.constantFrom(...syncMessages(own));
    const report = fc
      .integer({ min: 1, max: 2 ** 30 })
      .chain((number) => fc.constantFrom(...reports(own, number)));
    const calls = fc.array(
      fc.oneof(
        { weight: 1, arbitrary: fc.array(mutatedBytes(sync), { minLength: 1, maxLength: 4 }).map(toSync) },
        {
          weight: 2,
          arbitrary: fc.array(mutatedBytes(report), { minLength: 1, maxLength: 4 }).map(toReport),
        },
      ),
      { minLength: 1, maxLength: 3 },
    );
    return {
      property: fc.asyncProperty(calls, async (all) => {
        const { privateKey: key, certificate: cert } = fleet.identity();
        const raw = new RawGrpc(`127.0.0.1:${fleet.controller.ports.nodes}`, { key, cert });
        const ended: Ended[] = [];
        try {
          for (const { path, messages } of all) ended.push(await raw.call(path, messages));
        } finally {
          raw.close();
        }
        for (const one of ended) checkEnded(one);
        fleet.checkFailures();
        // Two agents, as it must seem by what they say.
        if (ended.some(({ status }) => status === unauthenticated)) await fleet.joinAgain();
        await check(fleet, own, foreign);
      }) as fc.IAsyncProperty<unknown>,
      close: () => fleet.close(),
    };
  },
};

async function sell(fleet: Fleet, name: string, ...more: string[]): Promise<Sold> {
  const { turnpike } = fleet.controller;
  await turnpike.json('tariff', 'add', name, '--volume', '100MB', ...more.filter((word) => word !== ''));
  await turnpike.json('account', 'add', name);
  const { id } = await turnpike.json('subscription', 'create', '--account', name, '--tariff', name);
  const made = await turnpike.json('device', 'add', id);
  return { subscription: String(id), device: String(made.device.id) };
}

function syncMessages({ device }: Sold): Uint8Array[] {
  const messages: NonNullable<MessageInitShape<typeof SyncRequestSchema>['message']>[] = [
    {
      case: 'hello',
      value: {
        revision: 0n,
        agentVersion: '0.1.0',
        wireguardPublicKey: new Uint8Array(32).fill(7),
        wireguardDriver: 'userspace',
        ipv6: true,
        instance: new Uint8Array(16).fill(9),
      },
    },
    { case: 'applied', value: { revision: 5n, refusals: [{ id: device, reason: 'the gate refuses it' }] } },
    {
      case: 'presence',
      value: { devices: [{ deviceId: device, connected: true, active: true, passing: true }] },
    },
    { case: 'heartbeat', value: { timeMs: 1_800_000_000_000n } },
  ];
  return messages.map((message) => toBinary(SyncRequestSchema, create(SyncRequestSchema, { message })));
}

function reports({ device, subscription }: Sold, number: number): Uint8Array[] {
  const ofDevice = { deviceId: device, period: 1, uploadBytes: 70_000n, downloadBytes: 9_000n };
  const entry = {
    subscriptionId: subscription,
    period: 1,
    grantedBytes: 262_144n,
    wanting: true,
    rate: 100_000n,
  };
  const all: MessageInitShape<typeof ReportRequestSchema>[] = [
    { devices: [ofDevice], subscriptions: [entry] },
    { subscriptions: [{ ...entry, releasedBytes: 50_000n, writtenOffBytes: 1_000n, recall: 1 }] },
    { subscriptions: [{ ...entry, since: 1, over: true, voucher: new Uint8Array(40).fill(3) }] },
  ];
  return all.map((one) =>
    toBinary(ReportRequestSchema, create(ReportRequestSchema, { number: BigInt(number), ...one })),
  );
}

function toSync(messages: readonly Uint8Array[]) {
  return { path: methodDefinition(SyncService.method.sync).path, messages };
}

function toReport(messages: readonly Uint8Array[]) {
  return { path: methodDefinition(UsageService.method.report).path, messages };
}

async function check({ controller }: Fleet, own: Sold, foreign: Sold): Promise<void> {
  const { usedBytes } = await controller.turnpike.json('usage', own.subscription);
  hold(BigInt(usedBytes) <= volume, `${usedBytes} bytes were billed of ${volume}`);
  const other = await controller.turnpike.json('usage', foreign.subscription);
  hold(other.usedBytes === '0', "another group's subscription was billed");
}
