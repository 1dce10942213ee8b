import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { Crowd } from './crowd.ts';
import type { HostPort } from './host-port.ts';
import { describeListenError } from './listen-error.ts';
import { type HttpLimits, httpServerOptions, listenerLimits } from './listener-limits.ts';
import type { Logger } from './log.ts';
import { aborted, type Task } from './task.ts';

export interface MetricsOptions {
  readonly registry: Registry;
  /** True while everything is up. */
  readonly isReady: () => boolean;
  readonly log: Logger;
  /** Told the port once it is listened on; for tests, which ask for any. */
  readonly onListening?: (port: number) => void;
  readonly limits?: HttpLimits;
}

/** For Prometheus and probes: /metrics, /healthz (the process answers), /readyz (it serves). */
export function metricsTask(address: HostPort, options: MetricsOptions): Task {
  return {
    name: 'metrics listener',
    run: async (signal, ready) => {
      const limits = options.limits ?? listenerLimits.metrics;
      const server = createServer(httpServerOptions(limits), (request, response) => {
        answer(request.method, request.url, response, options).catch((error: unknown) => {
          options.log.error({ err: error }, 'metrics could not be read');
          send(response, 500, 'text/plain', 'error\n');
        });
      });
      server.setTimeout(limits.silenceMs);
      const connections = new Crowd(limits.crowd);
      server.on('connection', (socket) => connections.enter(socket));
      const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', (error) => reject(describeListenError(error, 'metrics.listen', address)));
      server.listen(address, resolve);
      await listening;
      const bound = server.address();
      if (bound !== null && typeof bound === 'object') options.onListening?.(bound.port);
      ready();
      await aborted(signal);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(
  method: string | undefined,
  url: string | undefined,
  response: ServerResponse,
  { registry, isReady }: MetricsOptions,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'GET only\n');
  switch (url?.split('?')[0] ?? '') {
    case '/metrics':
      return send(response, 200, registry.contentType, await registry.metrics());
    case '/healthz':
      return send(response, 200, 'text/plain', 'alive\n');
    case '/readyz':
      return isReady()
        ? send(response, 200, 'text/plain', 'ready\n')
        : send(response, 503, 'text/plain', 'not ready\n');
    default:
      return send(response, 404, 'text/plain', '/metrics /healthz /readyz\n');
  }
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type }).end(text);
}
