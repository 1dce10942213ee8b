import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { AppliedSchema, HelloSchema, PresenceSchema } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { mib, openRig, type Rig, type TestNode } from '../../unit/books/rig.ts';
import { checkRefusal, hold } from '../expect.ts';
import { hostileText, hostileUint32, hostileUint64 } from '../hostile.ts';
import type { FuzzTarget } from '../target.ts';

const volume = 100n * mib;
/** Index into what there is: own devices and subscriptions, those of another group, and none at all. */
const which = fc.nat(3);
const total = fc.oneof(
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: volume }) },
  { weight: 1, arbitrary: hostileUint64 },
);
const period = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 2) },
  { weight: 1, arbitrary: hostileUint32 },
);

const report = fc.record({
  kind: fc.constant('report' as const),
  number: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: hostileUint64 }),
  devices: fc.array(fc.record({ which, uploadBytes: total, downloadBytes: total, period }), { maxLength: 4 }),
  subscriptions: fc.array(
    fc.record({
      which,
      grantedBytes: total,
      writtenOffBytes: total,
      releasedBytes: total,
      recall: fc.oneof(fc.nat(3), hostileUint32),
      wanting: fc.boolean(),
      rate: total,
      period,
      voucher: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 4 },
  ),
});
const presence = fc.record({
  kind: fc.constant('presence' as const),
  devices: fc.array(
    fc.record({
      which,
      connected: fc.boolean(),
      active: fc.boolean(),
      uploading: fc.boolean(),
      shared: fc.boolean(),
      deviceRevision: hostileUint64,
    }),
    { maxLength: 4 },
  ),
});
const hello = fc.record({
  kind: fc.constant('hello' as const),
  revision: hostileUint64,
  agentVersion: hostileText,
  wireguardDriver: hostileText,
  wireguardPublicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
const applied = fc.record({
  kind: fc.constant('applied' as const),
  revision: hostileUint64,
  refusals: fc.array(fc.record({ id: hostileText, reason: hostileText }), { maxLength: 3 }),
});
const said = fc.oneof({ weight: 6, arbitrary: report }, presence, hello, applied);
type Said = typeof said extends fc.Arbitrary<infer Value> ? Value : never;

interface Stage {
  readonly rig: Rig;
  readonly evil: TestNode;
  readonly own: string;
  readonly foreign: string;
  readonly devices: readonly string[];
}

export const fromNode: FuzzTarget = {
  name: 'from-node',
  holds:
    'whatever a node with a certificate says, the books stay within the volume, and others are left alone',
  files: ['booking', 'device-usage', 'turn', 'voucher'].map((file) => `controller/accounting/${file}.ts`),
  open: async () => ({
    property: fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 8 }), async (all) => {
      const stage = await openStage();
      try {
        let number = 0n;
        for (const one of all) {
          number += 1n;
          await say(stage, one, number).catch(checkRefusal);
          await check(stage);
        }
      } finally {
        await stage.rig.books.close();
      }
    }) as fc.IAsyncProperty<unknown>,
    close: async () => undefined,
  }),
};

async function openStage(): Promise<Stage> {
  const rig = await openRig();
  await rig.books.catalogue.addGroup({ name: 'elsewhere' });
  const evil = await rig.node('evil');
  await rig.node('good', { group: 'elsewhere' });
  const own = await rig.subscription({ volumeBytes: volume });
  const foreign = await rig.subscription({ volumeBytes: volume, group: 'elsewhere' });
  const devices = [
    await rig.device(own),
    await rig.device(own),
    await rig.device(foreign),
    'dev_0000000000000000',
  ];
  await evil.sync();
  return { rig, evil, own, foreign, devices };
}

async function say({ rig, evil, own, foreign, devices }: Stage, one: Said, number: bigint): Promise<void> {
  const { booking, register, desired } = rig.books;
  const ids = [own, own, foreign, 'sub_0000000000000000'];
  switch (one.kind) {
    case 'report': {
      const message: MessageInitShape<typeof ReportRequestSchema> = {
        number: one.number ?? number,
        devices: one.devices.map(({ which: n, ...entry }) => ({ ...entry, deviceId: devices[n] ?? '' })),
        subscriptions: one.subscriptions.map(({ which: n, ...entry }) => ({
          ...entry,
          subscriptionId: ids[n] ?? '',
        })),
      };
      const bytes = toBinary(ReportRequestSchema, create(ReportRequestSchema, message));
      return booking.book(evil.identity, fromBinary(ReportRequestSchema, bytes), bytes);
    }
    case 'presence': {
      const seen = one.devices.map(({ which: n, ...entry }) => ({ ...entry, deviceId: devices[n] ?? '' }));
      return register.presence(evil.identity, create(PresenceSchema, { devices: seen }).devices);
    }
    case 'hello': {
      const { kind: _, ...value } = one;
      await register.hello(evil.identity, create(HelloSchema, value));
      await desired.since(evil.identity, one.revision);
      return;
    }
    case 'applied':
      return register.applied(
        evil.identity,
        one.revision,
        create(AppliedSchema, { refusals: one.refusals }).refusals,
      );
  }
}

async function check({ rig, own, foreign, devices }: Stage): Promise<void> {
  const { catalogue } = rig.books;
  const { usedBytes, volumeBytes } = await catalogue.getSubscription(own);
  hold(
    volumeBytes === volume && usedBytes >= 0n && usedBytes <= volume,
    `${usedBytes} bytes were billed of ${volume}`,
  );
  const other = await catalogue.getSubscription(foreign);
  hold(other.usedBytes === 0n && other.remainingBytes === volume, "another group's subscription was touched");
  const seen = await catalogue.getDevice(devices[2] ?? '');
  hold(seen.lastSeenDay === null, "another group's device was seen");
}
