import { randomBytes } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { HelloSchema, type SyncRequest, SyncRequestSchema } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { framed } from '../../fuzz/raw-grpc.ts';

/** Asks for everything. `key`: the node's, of 32 bytes; `instance`: of the process, 16 bytes. */
export function hello(key: Uint8Array, instance: Uint8Array): Buffer {
  const value = { revision: 0n, agentVersion: '0.1.0', wireguardPublicKey: key, instance };
  return said({ case: 'hello', value: create(HelloSchema, value) });
}

export const heartbeat = (): Buffer =>
  said({ case: 'heartbeat', value: { $typeName: 'turnpike.v1.Heartbeat', timeMs: 0n } });

/** Every device, connected and active or nothing of it, and devices that nobody knows: as many as a message may hold. */
export function presence(devices: readonly string[], on: boolean): Buffer {
  const entry = (deviceId: string) => ({
    ...{ $typeName: 'turnpike.v1.DevicePresence' as const, deviceId, connected: on, passing: on },
    ...{ refused: !on, active: on, uploading: on, shared: false, deviceRevision: 0n },
  });
  const all = [...devices, ...strangers(70_000 - devices.length)].map(entry);
  return said({ case: 'presence', value: { $typeName: 'turnpike.v1.Presence', devices: all } });
}

/** The same: every device has used so much, and others that nobody knows. */
export function report(number: bigint, devices: readonly string[], bytes: bigint): Buffer {
  const all = [...devices, ...strangers(60_000 - devices.length)];
  const entries = all.map((deviceId) => ({ deviceId, period: 1, uploadBytes: bytes, downloadBytes: bytes }));
  const message = create(ReportRequestSchema, { number, devices: entries });
  return framed(toBinary(ReportRequestSchema, message));
}

const unknown: string[] = [];

/** Ids as devices have them; the same ones each time. */
function strangers(count: number): readonly string[] {
  while (unknown.length < count) unknown.push(`dev_${randomBytes(16).toString('hex')}`);
  return unknown.slice(0, count);
}

function said(message: SyncRequest['message']): Buffer {
  return framed(toBinary(SyncRequestSchema, create(SyncRequestSchema, { message })));
}
