import { TurnpikeError } from './errors.ts';
import { formatHostPort, type HostPort } from './host-port.ts';

/** Why a listener cannot be had, and what to do. `key` is the configuration's key that holds the address. */
export function describeListenError(error: unknown, key: string, address: HostPort): TurnpikeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const where = `${key} ${formatHostPort(address)}`;
  switch (code) {
    case 'EADDRINUSE':
      return new TurnpikeError('environment', `${where} is taken: another program listens there`, {
        remedy: `stop it, or choose another port for ${key}`,
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new TurnpikeError('environment', `${where}: this machine has no such address`, {
        remedy: `choose one of its own for ${key}`,
        cause: error,
      });
    case 'EACCES':
      return new TurnpikeError('environment', `${where}: this user may not listen there`, {
        remedy: 'choose a port above 1023, or grant CAP_NET_BIND_SERVICE',
        cause: error,
      });
    default:
      return new TurnpikeError('environment', `${where}: cannot listen: ${code}`, { cause: error });
  }
}
