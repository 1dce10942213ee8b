import { Server } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { Crowd } from '../../common/crowd.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { EnrolmentService, IdentityService } from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { keepaliveOptions } from '../../common/grpc/liveness.ts';
import { reportMethod } from '../../common/grpc/report-method.ts';
import { serviceDefinition } from '../../common/grpc/service.ts';
import { formatHostPort, type HostPort } from '../../common/host-port.ts';
import { type GrpcLimits, listenerLimits } from '../../common/listener-limits.ts';
import type { Logger } from '../../common/log.ts';
import { aborted, type Task } from '../../common/task.ts';
import type { Authorities } from '../identity/authorities.ts';
import { ServerIdentity } from '../identity/server-identity.ts';
import { CloneWatch } from './clones.ts';
import { defaultTiming, type SouthContext, type SouthTiming } from './context.ts';
import { ControllerCredentials } from './credentials.ts';
import { Demands } from './demands.ts';
import { EarlierStates } from './earlier-states.ts';
import { Endings } from './endings.ts';
import { enrolHandler } from './enrol.ts';
import { EnrolmentLimit } from './enrolment-limit.ts';
import { listen } from './listener.ts';
import { LiveStreams } from './live-streams.ts';
import { MessageRate } from './message-rate.ts';
import type { Booking, DesiredState, IdentityStore, NodeRegister } from './ports.ts';
import { recoverHandler, renewHandler } from './renew.ts';
import { RenewalLimit } from './renewal-limit.ts';
import { reportHandler } from './report.ts';
import { SouthState } from './state.ts';
import { syncHandler, syncMethod } from './sync.ts';

export interface SouthOptions {
  readonly desired: DesiredState;
  readonly register: NodeRegister;
  readonly booking: Booking;
  readonly identities: IdentityStore;
  readonly authorities: Authorities;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodesListen: HostPort;
  readonly enrolmentListen: HostPort;
  /** Name or IP address that agents dial for the nodes' listener. */
  readonly advertisedHost: string;
  readonly timing?: Partial<SouthTiming>;
  readonly limits?: SouthLimits;
}

/** Of the two listeners. */
export interface SouthLimits {
  readonly nodes: GrpcLimits;
  readonly enrolment: GrpcLimits;
}

/** All that faces the nodes: two listeners and the controller's certificate, as tasks, and what they see. */
export async function createSouth(
  options: SouthOptions,
): Promise<{ readonly tasks: readonly Task[]; readonly state: SouthState }> {
  const state = new SouthState();
  const context: SouthContext = {
    ...options,
    state,
    streams: new LiveStreams(),
    clones: new CloneWatch(),
    earlier: new EarlierStates(),
    demands: new Demands(),
    messages: new MessageRate(),
    endings: new Endings(),
    timing: { ...defaultTiming, ...options.timing },
    controllerAddress: () =>
      formatHostPort({
        host: options.advertisedHost,
        port: state.ports.nodes ?? options.nodesListen.port,
      }),
  };
  const limits = options.limits ?? listenerLimits;
  const renewals = new RenewalLimit();
  const server = await ServerIdentity.create(options.authorities, options.clock, options.log);
  return {
    tasks: [
      server.renewal,
      nodesTask(context, server, options.nodesListen, limits.nodes, renewals),
      enrolmentTask(context, server, options.enrolmentListen, limits.enrolment, renewals),
    ],
    state,
  };
}

function nodesTask(
  context: SouthContext,
  identity: ServerIdentity,
  address: HostPort,
  limits: GrpcLimits,
  renewals: RenewalLimit,
): Task {
  return {
    name: 'nodes listener',
    async run(signal, ready) {
      const { clock, identities, log, state, streams, timing } = context;
      const credentials = new ControllerCredentials(context.authorities, identity.certificate, {
        nodesOnly: true,
        handshakeMs: limits.handshakeMs,
      });
      identity.onRenewed((certificate) => credentials.reload(certificate));
      const server = new Server({
        ...keepaliveOptions,
        'grpc.max_receive_message_length': limits.messageBytes,
        'grpc.max_concurrent_streams': limits.streams,
        'grpc.max_connection_idle_ms': limits.idleMs,
      });
      const crowd = new Crowd(limits.crowd, (count) => {
        state.connections.nodes = count;
      });
      server.addService({ sync: syncMethod }, { sync: syncHandler(context, crowd) });
      server.addService({ report: reportMethod }, { report: reportHandler(context, crowd) });
      server.addService(serviceDefinition(IdentityService), { renew: renewHandler(context, renewals) });
      const at = { key: 'nodes.listen', address };
      const stranger = { clock: context.clock, mostMs: limits.strangerMs };
      const listener = await listen(server, credentials, at, crowd, stranger);
      state.ports.nodes = listener.port;
      log.info({ port: listener.port }, 'nodes may dial');
      const stop = identities.onRevoked((nodeId, incarnation) => streams.revoke(nodeId, incarnation));
      const stopChange = context.authorities.onChange(() => streams.endUntrusted(context.authorities));
      ready();
      await aborted(signal);
      stop();
      stopChange();
      listener.stopAccepting();
      streams.endAll(new TurnpikeError('unavailable', 'the controller is stopping'));
      await clock.sleep(Math.min(timing.endGraceMs, 100));
      await listener.close();
    },
  };
}

function enrolmentTask(
  context: SouthContext,
  identity: ServerIdentity,
  address: HostPort,
  limits: GrpcLimits,
  renewals: RenewalLimit,
): Task {
  return {
    name: 'enrolment listener',
    async run(signal, ready) {
      const credentials = new ControllerCredentials(context.authorities, identity.certificate, {
        nodesOnly: false,
        handshakeMs: limits.handshakeMs,
      });
      identity.onRenewed((certificate) => credentials.reload(certificate));
      const server = new Server({
        ...keepaliveOptions,
        'grpc.max_receive_message_length': limits.messageBytes,
        'grpc.max_concurrent_streams': limits.streams,
        'grpc.max_connection_idle_ms': limits.idleMs,
      });
      const limit = new EnrolmentLimit(context.clock.monotonic());
      server.addService(serviceDefinition(EnrolmentService), {
        enrol: enrolHandler(context, limit),
        recover: recoverHandler(context, limit, renewals),
      });
      const at = { key: 'nodes.enrolment_listen', address };
      const crowd = new Crowd(limits.crowd, (count) => {
        context.state.connections.enrolment = count;
      });
      const stranger = { clock: context.clock, mostMs: limits.strangerMs };
      const listener = await listen(server, credentials, at, crowd, stranger);
      context.state.ports.enrolment = listener.port;
      context.log.info({ port: listener.port }, 'nodes may join');
      ready();
      await aborted(signal);
      await listener.close();
    },
  };
}
