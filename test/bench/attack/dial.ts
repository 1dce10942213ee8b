import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { parseHostPort } from '../../../common/host-port.ts';
import { controllerName } from '../../../common/pki/names.ts';

/** A connection that says nothing yet. */
export function dial(door: string, localAddress: string): Socket {
  return connect({ ...parseHostPort(door), localAddress });
}

/** The same with TLS that speaks HTTP/2. Attackers care little whom they speak to. */
export function dialTls(door: string, localAddress: string, identity?: AgentIdentity): TLSSocket {
  return connectTls({
    ...{ ...parseHostPort(door), localAddress, servername: controllerName, ALPNProtocols: ['h2'] },
    ...{ rejectUnauthorized: false, key: identity?.privateKey, cert: identity?.certificate },
  });
}

export function dialHttp2(door: string, localAddress: string, identity: AgentIdentity): ClientHttp2Session {
  return connectHttp2(`https://${door}`, { createConnection: () => dialTls(door, localAddress, identity) });
}

/** The headers with which a gRPC call begins. */
export function grpcCall(path: string) {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}
