import { rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { socketPath } from '../wireguard/uapi.ts';

/**
 * Starts wireguard-go so that it outlives us: in the session of its own that each command has, silent, without core dumps
 * (they would hold keys). It puts itself into the background when interface and socket are there.
 */
export async function startWireguardGo(run: CommandRunner, interfaceName: string): Promise<void> {
  const script = 'ulimit -c 0; exec env LOG_LEVEL=silent wireguard-go "$1"';
  try {
    await run(['sh', '-c', script, 'sh', interfaceName]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.exitCode === 127) {
      throw new TurnpikeError('environment', 'wireguard-go is not installed', {
        remedy: 'apt install wireguard-go',
      });
    }
    const tun = error.said(/TUN|\/dev\/net\/tun/) ? ': it could not make a TUN device' : '';
    throw new TurnpikeError('environment', `wireguard-go did not start${tun}`, {
      remedy: 'turnpike-agent doctor says what is missing',
      cause: error,
    });
  }
}

export type SocketState = 'none' | 'stale' | 'served';

/** Whether somebody listens on the socket of that interface; a wireguard-go that was killed leaves a stale one. */
export async function probeSocket(interfaceName: string): Promise<SocketState> {
  const { promise, resolve } = Promise.withResolvers<SocketState>();
  const socket = connect(socketPath(interfaceName));
  socket.on('connect', () => resolve('served'));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? 'none' : 'stale'));
  const state = await promise;
  socket.destroy();
  return state;
}

export async function removeSocket(interfaceName: string): Promise<void> {
  await rm(socketPath(interfaceName), { force: true });
}

/** The unit that runs wireguard-go in production, so that it has a life of its own. */
export function unitName(interfaceName: string): string {
  return `turnpike-wireguard@${interfaceName}.service`;
}

/** Whether systemd runs wireguard-go for that interface, or would start it again. */
export async function unitIsUsed(run: CommandRunner, interfaceName: string): Promise<boolean> {
  try {
    const state = await run([
      'systemctl',
      'show',
      '--property=ActiveState',
      '--value',
      unitName(interfaceName),
    ]);
    return ['active', 'activating', 'reloading', 'failed'].includes(state.trim());
  } catch (error) {
    // No systemd here.
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** By its module, without loading it. */
export async function kernelHasWireGuard(run: CommandRunner): Promise<boolean> {
  if ((await stat('/sys/module/wireguard').catch(() => undefined)) !== undefined) return true;
  try {
    await run(['modprobe', '--dry-run', '--quiet', 'wireguard']);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
