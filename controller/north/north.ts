import { isIPv4, isIPv6 } from 'node:net';
import { formatHostPort, type HostPort } from '../../common/host-port.ts';
import { describeListenError } from '../../common/listen-error.ts';
import { aborted, type Task } from '../../common/task.ts';
import { type ApiOptions, buildApi } from './server.ts';
import { listenOnSocket } from './unix-socket.ts';

type NorthOptions = Omit<ApiOptions, 'trust'>;

/** The API for this machine: who may open the socket may do everything. */
export function socketTask(path: string, options: NorthOptions): Task {
  return {
    name: 'API socket',
    run: async (signal, ready) => {
      const api = await buildApi({ ...options, trust: 'socket' });
      const remove = await listenOnSocket(api, path);
      options.log.info({ path }, 'the API listens on its socket');
      ready();
      await aborted(signal);
      await api.close();
      await remove();
    },
  };
}

/** The API for other machines: each request needs a key. */
export function portTask(
  address: HostPort,
  options: NorthOptions,
  onListening: (port: number) => void,
): Task {
  return {
    name: 'API port',
    run: async (signal, ready) => {
      const api = await buildApi({ ...options, trust: 'key' });
      try {
        await api.listen(address);
      } catch (error) {
        throw describeListenError(error, 'api.listen', address);
      }
      const bound = api.server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      onListening(port);
      options.log.info({ address: formatHostPort({ ...address, port }) }, 'the API listens on TCP');
      if (!isLoopback(address.host)) {
        options.log.warn('the API listens beyond this machine without TLS: put a proxy with TLS before it');
      }
      ready();
      await aborted(signal);
      await api.close();
    },
  };
}

function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return isIPv6(host) ? host === '::1' : host === 'localhost';
}
