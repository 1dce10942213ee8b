import { createServer } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { type Crowd, peerOf } from '../../common/crowd.ts';
import type { HostPort } from '../../common/host-port.ts';
import { describeListenError } from '../../common/listen-error.ts';

export interface Listener {
  readonly port: number;
  /** Takes no more connections. */
  stopAccepting(): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Listens for a gRPC server. The sockets are ours and are handed to it, so that `crowd` can limit their number and cut
 * one off (grpc-js knows no way to end a call of a peer that does not read), and that we can say why a port cannot be
 * had; `key` is the configuration's key of the address.
 * @throws TurnpikeError `environment`
 */
export async function listen(
  server: Server,
  credentials: ServerCredentials,
  { key, address }: { readonly key: string; readonly address: HostPort },
  crowd: Crowd,
  stranger: { readonly clock: Clock; readonly mostMs: number },
): Promise<Listener> {
  const injector = server.createConnectionInjector(credentials);
  const acceptor = createServer({ noDelay: true }, (socket) => {
    if (!crowd.enter(socket)) return;
    // grpc-js says goodbye to who is idle or old, and then waits for a peer that reads nothing without end.
    const old = stranger.clock.after(stranger.mostMs, () => crowd.cutOffStranger(peerOf(socket)));
    socket.once('close', () => old.cancel());
    // Errors also reach TLS, which ends the connection; without a listener they would end the process.
    socket.on('error', () => socket.destroy());
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    acceptor.once('error', (error) => reject(describeListenError(error, key, address)));
    acceptor.listen({ host: address.host, port: address.port }, resolve);
  });
  const bound = acceptor.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening on TCP');
  return {
    port: bound.port,
    stopAccepting: () => void acceptor.close(),
    close: async () => {
      const closed = new Promise((resolve) => acceptor.close(resolve));
      server.forceShutdown();
      crowd.endAll();
      await closed;
    },
  };
}
