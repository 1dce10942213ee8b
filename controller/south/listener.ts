import { createServer, type Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import type { HostPort } from '../../common/host-port.ts';
import { describeListenError } from '../../common/listen-error.ts';
import { networkOf } from './enrolment-limit.ts';

export interface Listener {
  readonly port: number;
  /** Ends one connection at once; `peer` as grpc-js calls it. */
  cutOff(peer: string): void;
  /** Takes no more connections. */
  stopAccepting(): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Listens for a gRPC server. The sockets are ours and are handed to it, so that we can limit their number, cut one
 * off (grpc-js knows no way to end a call of a peer that does not read) and say why a port cannot be had; `key` is the
 * configuration's key of the address.
 * @throws TurnpikeError `environment`
 */
export async function listen(
  server: Server,
  credentials: ServerCredentials,
  { key, address }: { readonly key: string; readonly address: HostPort },
  most: { readonly connections: number; readonly perNetwork: number },
  onConnections: (count: number) => void,
): Promise<Listener> {
  const injector = server.createConnectionInjector(credentials);
  const sockets = new Map<string, Socket>();
  const byNetwork = new Map<string, number>();
  const acceptor = createServer({ noDelay: true }, (socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const network = networkOf(peer);
    const others = byNetwork.get(network) ?? 0;
    if (others >= most.perNetwork) {
      socket.destroy();
      return;
    }
    byNetwork.set(network, others + 1);
    sockets.set(peer, socket);
    onConnections(sockets.size);
    socket.once('close', () => {
      sockets.delete(peer);
      const left = (byNetwork.get(network) ?? 1) - 1;
      if (left === 0) byNetwork.delete(network);
      else byNetwork.set(network, left);
      onConnections(sockets.size);
    });
    // Errors also reach TLS, which ends the connection; without a listener they would end the process.
    socket.on('error', () => socket.destroy());
    injector.injectConnection(socket);
  });
  acceptor.maxConnections = most.connections;
  await new Promise<void>((resolve, reject) => {
    acceptor.once('error', (error) => reject(describeListenError(error, key, address)));
    acceptor.listen({ host: address.host, port: address.port }, resolve);
  });
  const bound = acceptor.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening on TCP');
  return {
    port: bound.port,
    cutOff: (peer) => void sockets.get(peer)?.destroy(),
    stopAccepting: () => void acceptor.close(),
    close: async () => {
      const closed = new Promise((resolve) => acceptor.close(resolve));
      server.forceShutdown();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}
