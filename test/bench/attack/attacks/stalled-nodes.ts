import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AgentIdentity } from '../../../../agent/identity/identity.ts';
import { systemClock } from '../../../../common/clock.ts';
import { SyncService } from '../../../../common/gen/turnpike/v1/sync_pb.ts';
import { repeat } from '../../../../common/grpc/liveness.ts';
import { methodDefinition } from '../../../../common/grpc/service.ts';
import { furtherMessage, greedyCall } from '../../../unit/south/http2-attacks.ts';
import { type Attack, inTurn } from '../attack.ts';
import { dialHttp2, dialTls, grpcCall } from '../dial.ts';
import { heartbeat, hello } from '../messages.ts';
import type { Field } from '../protocol.ts';
import type { Closable, Siege } from '../siege.ts';

const { path } = methodDefinition(SyncService.method.sync);
/** Often enough that the silence is not noticed. */
const heartbeatMs = 8_000;
const myself = () => hello(randomBytes(32), randomBytes(16));

/** Answers pings, and takes no more of its stream than the window with which HTTP/2 begins. */
function readsNoStream(siege: Siege, { nodes }: Field, identity: AgentIdentity, from: string): Closable {
  const session = dialHttp2(nodes, from, identity);
  const stream = siege.hold(session.request(grpcCall(path)));
  stream.write(myself());
  const beat = repeat(systemClock, heartbeatMs, () => stream.write(heartbeat()));
  stream.once('close', () => session.destroy());
  session.once('close', () => beat.cancel());
  return session;
}

/** Says that it takes everything, and reads nothing of its socket. */
function readsNothing(_siege: Siege, { nodes }: Field, identity: AgentIdentity, from: string): Closable {
  const socket = dialTls(nodes, from, identity);
  const begin = async () => {
    await once(socket, 'secureConnect');
    socket.write(greedyCall(path, myself()));
  };
  begin().catch(() => undefined);
  const beat = repeat(systemClock, heartbeatMs, () => socket.write(furtherMessage(heartbeat())));
  socket.once('close', () => beat.cancel());
  return socket;
}

const ways = [readsNoStream, readsNothing];

export const stalledNodes: Attack = {
  name: 'nodes: all of them say Hello, and read nothing',
  beside: 'changes',
  // Everybody is to be told of the whole fleet at first.
  times: 4,
  begin: (siege, field, identities) => {
    siege.keepOpen(identities.length, 100, (n) =>
      inTurn(ways, n)(siege, field, inTurn(identities, n), inTurn(field.from, n)),
    );
  },
};

/** What the same changes cost by themselves. */
export const nobodyStalls: Attack = { name: 'nobody: the same changes', beside: 'changes' };
