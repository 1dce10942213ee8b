import { create, equals } from '@bufbuild/protobuf';
import type { handleBidiStreamingCall, MethodDefinition } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import {
  AuthoritiesSchema,
  CaughtUpSchema,
  type Heartbeat,
  HeartbeatSchema,
  type Hello,
  type Settings,
  SettingsSchema,
  type SyncRequest,
  SyncRequestSchema,
  type SyncResponse,
  SyncResponseSchema,
  SyncService,
} from '../../common/gen/turnpike/v1/sync_pb.ts';
import { repeat, watchSilence } from '../../common/grpc/liveness.ts';
import { methodDefinition } from '../../common/grpc/service.ts';
import { printable } from '../../common/show.ts';
import { Wake } from '../../common/wake.ts';
import { parsePublicKey } from '../../common/wireguard-key.ts';
import { Comparing } from './comparing.ts';
import type { SouthContext } from './context.ts';
import { revoked } from './live-streams.ts';
import { type NodeStream, runNodeStream, type StreamCrowd } from './node-stream.ts';
import { parseMessage } from './parse-message.ts';
import type { NodeIdentity } from './ports.ts';

type SyncStream = NodeStream<SyncResponse>;

/**
 * SyncService.Sync, with requests as the bytes of the wire: of those that cannot be read grpc-js would end the call by itself,
 * while we go on writing, and the stream would then hang.
 */
export const syncMethod: MethodDefinition<Uint8Array, SyncResponse> = {
  ...methodDefinition(SyncService.method.sync),
  requestSerialize: (bytes) => Buffer.from(bytes),
  requestDeserialize: (bytes) => bytes,
};

/** SyncService.Sync. */
export function syncHandler(
  context: SouthContext,
  crowd: StreamCrowd,
): handleBidiStreamingCall<Uint8Array, SyncResponse> {
  return (call) => void runNodeStream('sync', call, context, crowd, (stream) => serveSync(stream, context));
}

async function serveSync(stream: SyncStream, context: SouthContext): Promise<void> {
  const { clock, streams, timing } = context;
  const silence = watchSilence(clock, timing.silenceMs, () => streams.endSilent(stream.identity));
  const beat = () => response({ case: 'heartbeat', value: heartbeatAt(clock) });
  const heartbeat = repeat(clock, timing.heartbeatMs, () => stream.sendIfIdle(beat()));
  let pushing: Promise<void> | undefined;
  let stopAuthorities = () => {};
  try {
    await stream.read(async (bytes) => {
      const { message } = parseMessage(SyncRequestSchema, bytes);
      silence.pause();
      if (message.case === 'hello') {
        if (pushing) throw new TurnpikeError('invalid', 'a second Hello on one stream');
        // Before the wait: who is thrown out while it waits was there all the same.
        await refuseClones(message.value, stream.identity, context);
        await refuseEarlier(message.value, stream.identity, context);
        await clock.sleep(context.demands.hello(stream.identity, clock.monotonic()), stream.closed);
        if (stream.closed.aborted) return;
        await greet(message.value, stream, context);
        // Before all else: what follows is full of times.
        await stream.send(beat());
        await stream.send(authoritiesOf(context));
        stopAuthorities = context.authorities.onChange(() => void stream.send(authoritiesOf(context)));
        pushing = pushChanges(message.value.revision, stream, context).catch((error) => stream.end(error));
      } else if (!pushing) {
        throw new TurnpikeError('invalid', 'the first message of a stream is Hello');
      } else {
        await take(message, stream, context);
      }
      silence.resume();
    });
  } finally {
    silence.stop();
    heartbeat.cancel();
    stopAuthorities();
    const { connected } = context.state;
    const { nodeId, incarnation } = stream.identity;
    const isListed = connected.get(nodeId)?.identity.incarnation === incarnation;
    // Not of a stream that was replaced: its node is connected. But of one that replaced another and was refused then.
    if ((pushing || isListed) && streams.isCurrent(stream)) {
      if (isListed) connected.delete(nodeId);
      await context.register.disconnected(stream.identity);
      context.log.info({ node: stream.identity.nodeId }, 'node disconnected');
    }
  }
}

async function greet(hello: Hello, { caller, identity }: SyncStream, context: SouthContext): Promise<void> {
  if (hello.wireguardPublicKey.length !== 32) {
    throw new TurnpikeError('invalid', "the node's WireGuard public key must have 32 bytes");
  }
  parsePublicKey(Buffer.from(hello.wireguardPublicKey).toString('base64'));
  await context.identities.shown(identity, caller);
  await context.register.hello(identity, hello);
  context.state.connected.set(identity.nodeId, {
    identity,
    since: context.clock.now(),
    agentVersion: printable(hello.agentVersion.slice(0, 60)),
    wireguardDriver: printable(hello.wireguardDriver.slice(0, 20)),
    sentRevision: 0n,
    appliedRevision: 0n,
  });
  context.log.info({ node: identity.nodeId, incarnation: identity.incarnation }, 'node connected');
}

/** Which of two is the node cannot be known: neither may go on. */
async function refuseClones(
  { instance }: Hello,
  identity: NodeIdentity,
  { clones, clock, identities }: SouthContext,
): Promise<void> {
  if (instance.length !== 16) throw new TurnpikeError('invalid', "the agent's instance must have 16 bytes");
  const name = `${identity.nodeId} ${identity.incarnation}`;
  if (!clones.hello(name, Buffer.from(instance).toString('hex'), clock.monotonic())) return;
  clones.forget(name);
  await identities.quarantine(identity);
  throw revoked();
}

/** It would be granted anew what has passed since; so nothing is granted to it, and nothing told. */
async function refuseEarlier(
  { lastReport }: Hello,
  identity: NodeIdentity,
  { booking, earlier, identities }: SouthContext,
): Promise<void> {
  if (lastReport === undefined) return;
  const name = `${identity.nodeId} ${identity.incarnation}`;
  const booked = await booking.lastBooked(identity);
  const behind = lastReport < booked;
  if (earlier.hello(name, behind)) {
    earlier.forget(name);
    await identities.quarantine(identity);
    throw revoked();
  }
  if (!behind) return;
  throw new TurnpikeError(
    'unavailable',
    `node ${identity.nodeName} says that its last report was ${lastReport}, and ${booked} was booked: its state is an earlier one, or its word was late`,
  );
}

async function take(
  message: Exclude<SyncRequest['message'], { case: 'hello' }>,
  { identity }: SyncStream,
  { register, state }: SouthContext,
): Promise<void> {
  switch (message.case) {
    case 'applied': {
      const { revision, refusals } = message.value;
      requireRevision(revision);
      const node = state.connected.get(identity.nodeId);
      if (node) node.appliedRevision = revision;
      return register.applied(identity, revision, refusals.slice(0, mostRefusals).map(tame));
    }
    case 'erased':
      requireRevision(message.value.revision);
      return register.erased(identity, message.value.revision);
    case 'presence':
      return register.presence(identity, message.value.devices);
    case 'heartbeat':
    // A message of a later version: nothing to us.
    case undefined:
      return;
  }
}

/** What the books can hold. */
const mostRevision = 2n ** 63n - 1n;

function requireRevision(revision: bigint): void {
  if (revision > mostRevision) throw new TurnpikeError('invalid', 'no revision is as large');
}

/** Whoever refuses more than that has another trouble, and the first ones tell of it. */
const mostRefusals = 1000;

/** A node's own words, which are kept and which people will read. */
function tame({ id, reason }: { id: string; reason: string }): { id: string; reason: string } {
  return { id: printable(id.slice(0, 40)), reason: printable(reason.slice(0, 200)) };
}

/** Sends what changed after `revision`, and goes on doing so until the stream is over. */
async function pushChanges(revision: bigint, stream: SyncStream, context: SouthContext): Promise<void> {
  const { clock, demands, desired, state } = context;
  const { identity, closed } = stream;
  const changed = new Wake();
  const stop = desired.onChange(() => changed.set());
  const comparing = new Comparing(
    clock,
    () => state.connected.size,
    () => changed.set(),
  );
  let settings: Settings | undefined;
  let reached: bigint | undefined;
  try {
    while (!closed.aborted) {
      const wanted = await desired.settings(identity.nodeId);
      if (!settings || !equals(SettingsSchema, settings, wanted)) {
        settings = wanted;
        await stream.send(response({ case: 'settings', value: wanted }));
      }
      const began = clock.monotonic();
      const from = reached ?? revision;
      let part = await desired.since(identity, from, { digest: comparing.allowed });
      const { digest, revision: asOf, whole } = part;
      const changes = reached === undefined || part.next !== undefined || part.deltas.length > 0;
      if (digest === undefined && (changes || comparing.owed)) comparing.putOff();
      if (changes || (digest !== undefined && comparing.owed)) {
        if (digest !== undefined) comparing.compared(clock.monotonic() - began);
        for (;;) {
          for (const delta of part.deltas) await stream.send(response({ case: 'delta', value: delta }));
          if (part.next === undefined || closed.aborted) break;
          // Read only when what was before is on its way: for somebody who reads nothing, not all of it is kept in memory.
          const { next } = part;
          await clock.sleep(demands.part(identity, clock.monotonic()), closed);
          part = await desired.since(identity, from, { digest: false, from: next });
        }
        const caughtUp = create(CaughtUpSchema, { revision: asOf, whole, ...(digest && { digest }) });
        await stream.send(response({ case: 'caughtUp', value: caughtUp }));
        const node = state.connected.get(identity.nodeId);
        if (node) node.sentRevision = asOf;
      }
      reached = asOf;
      await changed.wait(closed);
    }
  } finally {
    stop();
    comparing.cancel();
  }
}

function authoritiesOf({ authorities }: SouthContext): SyncResponse {
  return response({ case: 'authorities', value: create(AuthoritiesSchema, { digest: authorities.digest }) });
}

function heartbeatAt(clock: Clock): Heartbeat {
  return create(HeartbeatSchema, { timeMs: BigInt(Math.floor(clock.now())) });
}

function response(message: SyncResponse['message']): SyncResponse {
  return create(SyncResponseSchema, { message });
}
