import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { Batch } from '../../../agent/south/batch.ts';
import { parseRevision, parseSettings, parseTime } from '../../../agent/south/wire.ts';
import { DeltaSchema, SettingsSchema } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { Rig } from '../../unit/agent/rig.ts';
import { CheckedGate, CheckedHost, CheckedWireGuard } from '../checked-kernel.ts';
import { checkRefusal, refusedOrDone } from '../expect.ts';
import { hostileText, hostileUint32, hostileUint64 } from '../hostile.ts';
import type { FuzzTarget } from '../target.ts';

/** Mostly what is right, so that what is not reaches deep. */
function mostly<Value>(right: fc.Arbitrary<Value>, wrong: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

const few = fc.integer({ min: 2, max: 6 });
const id = (kind: 'dev' | 'sub') =>
  mostly(
    few.map((n) => `${kind}_${String(n).padStart(16, '0')}`),
    hostileText,
  );
const keyBytes = mostly(
  few.map((n) => new Uint8Array(32).fill(n)),
  fc.uint8Array({ maxLength: 40 }),
);
const speed = fc.record({
  uploadBitsPerSecond: hostileUint64,
  downloadBitsPerSecond: hostileUint64,
  shared: fc.boolean(),
});
const time = mostly(
  fc.integer({ min: 0, max: 4_000_000 }).map((s) => 1_800_000_000_000n + BigInt(s)),
  hostileUint64,
);

const settings: fc.Arbitrary<MessageInitShape<typeof SettingsSchema>> = fc.record({
  listenPort: mostly(fc.constant(51820), hostileUint32),
  range4: mostly(
    fc.constant('10.64.0.0/16'),
    fc.oneof(hostileText, fc.constantFrom('0.0.0.0/0', '10.64.0.1/16')),
  ),
  range6: mostly(
    fc.constant('fd74:7572:6e70::/64'),
    fc.oneof(hostileText, fc.constantFrom('::/0', 'fd74::1/64')),
  ),
  address4: mostly(fc.constant('10.64.0.1'), hostileText),
  address6: mostly(fc.constant('fd74:7572:6e70::1'), hostileText),
  mtu: mostly(fc.constant(1420), hostileUint32),
  validitySeconds: mostly(fc.constant(86_400), hostileUint32),
  seatPatienceSeconds: mostly(fc.constant(60), hostileUint32),
});

const device = fc.record({
  id: id('dev'),
  revision: mostly(fc.bigInt({ min: 1n, max: 100n }), hostileUint64),
  subscriptionId: id('sub'),
  publicKey: keyBytes,
  presharedKey: mostly(fc.constant(new Uint8Array(0)), keyBytes),
  address4: mostly(
    few.map((n) => `10.64.0.${n}`),
    hostileText,
  ),
  address6: mostly(
    few.map((n) => `fd74:7572:6e70::${n}`),
    hostileText,
  ),
  access: mostly(fc.integer({ min: 1, max: 3 }), fc.nat(9)),
  seat: mostly(fc.integer({ min: 1, max: 3 }), fc.nat(9)),
});

const subscription = fc.record({
  id: id('sub'),
  revision: mostly(fc.bigInt({ min: 1n, max: 100n }), hostileUint64),
  metering: mostly(fc.integer({ min: 1, max: 2 }), fc.nat(9)),
  grantedBytes: mostly(fc.bigInt({ min: 0n, max: 50_000_000n }), hostileUint64),
  allowance: fc.boolean(),
  recall: mostly(fc.nat(3), hostileUint32),
  period: mostly(fc.integer({ min: 1, max: 3 }), hostileUint32),
  periodEndsAtMs: mostly(fc.constant(0n), time),
  nextGrantedBytes: mostly(fc.bigInt({ min: 0n, max: 50_000_000n }), hostileUint64),
  endsAtMs: mostly(fc.constant(0n), time),
  speed: fc.option(speed, { nil: undefined }),
  throttle: fc.option(speed, { nil: undefined }),
});

const delta = fc.record({
  removedDeviceIds: fc.array(id('dev'), { maxLength: 2 }),
  removedSubscriptionIds: fc.array(id('sub'), { maxLength: 1 }),
  erasedSubscriptionIds: fc.array(id('sub'), { maxLength: 1 }),
  subscriptions: fc.array(subscription, { maxLength: 3 }),
  devices: fc.array(device, { maxLength: 4 }),
});

const batch = fc.record({
  settings,
  timeMs: time,
  revision: mostly(fc.bigInt({ min: 1n, max: 100n }), hostileUint64),
  delta,
  packets: fc.nat(30),
});

type BatchInput = typeof batch extends fc.Arbitrary<infer Value> ? Value : never;

/** As it comes over the wire. */
function sent<Schema extends typeof DeltaSchema | typeof SettingsSchema>(
  schema: Schema,
  message: MessageInitShape<Schema>,
) {
  return fromBinary(schema, toBinary(schema, create(schema, message)));
}

async function say(rig: Rig, input: BatchInput): Promise<void> {
  const parsed = refusedOrDone(() => parseSettings(sent(SettingsSchema, input.settings)));
  const revision = refusedOrDone(() => parseRevision(input.revision));
  const timeMs = refusedOrDone(() => parseTime(input.timeMs));
  if (parsed === undefined || revision === undefined || timeMs === undefined) return;
  const heard = new Batch();
  heard.add(sent(DeltaSchema, input.delta as MessageInitShape<typeof DeltaSchema>), parsed);
  rig.inbox.settings(parsed);
  rig.inbox.time(timeMs, true);
  rig.inbox.heard(true);
  const answer = rig.inbox.apply(heard.deltas, revision);
  answer.catch(() => undefined);
  await rig.run({ full: true });
  await answer;
  for (let n = 2; n < 7; n += 1) rig.upload(n, input.packets);
  await rig.beat();
}

export const fromController: FuzzTarget = {
  name: 'from-controller',
  holds:
    'whatever a controller sends, only addresses, keys and numbers reach nft, wg and ip, and the agent goes on',
  files: ['agent/south/wire.ts', 'agent/gate/render.ts', 'agent/gate/names.ts', 'agent/reconcile/absorb.ts'],
  open: async () => ({
    property: fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
      const directory = await mkdtemp(join(tmpdir(), 'turnpike-fuzz-'));
      const rig = new Rig(directory, {
        gate: (clock) => new CheckedGate(clock),
        wireguard: new CheckedWireGuard(),
        host: new CheckedHost(),
      });
      try {
        for (const input of batches) await say(rig, input);
        await rig.restart();
      } catch (error) {
        checkRefusal(error);
      } finally {
        rig.journal.close();
        await rm(directory, { recursive: true });
      }
    }) as fc.IAsyncProperty<unknown>,
    close: async () => undefined,
  }),
};
