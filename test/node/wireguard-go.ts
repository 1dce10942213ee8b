import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketPath } from '../../agent/wireguard/uapi.ts';
import type { Namespace } from './namespace.ts';

export interface WireguardGo {
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** A userspace WireGuard of the test's own, in that namespace. */
export async function startWireguardGo(where: Namespace, interfaceName: string): Promise<WireguardGo> {
  const child = spawn('ip', ['netns', 'exec', where.name, 'wireguard-go', '-f', interfaceName], {
    stdio: 'ignore',
    env: { ...process.env, LOG_LEVEL: 'silent', WG_PROCESS_FOREGROUND: '1' },
  });
  const gone = once(child, 'exit');
  const deadline = performance.now() + 10_000;
  while (!existsSync(socketPath(interfaceName))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error('wireguard-go does not start');
    await sleep(5);
  }
  return {
    pid: child.pid ?? 0,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await gone;
    },
  };
}
