import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/lab-clean', import.meta.url));

/**
 * A process of its own session that waits for the end of our pipe and then removes what bears the prefix. The pipe ends
 * when we close it, and as well when this process fails, is killed or gets Ctrl-C: one way out for all.
 */
export function hireJanitor(prefix: string): { clean(): Promise<void> } {
  const child = spawn(script, ['--after-stdin', prefix], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  // Whether it could be begun is seen at once, and how it ended by its status.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  if (child.pid === undefined)
    throw new Error(`${script} cannot be run; without it, what is made here would stay`);
  child.unref();
  // A pipe is a socket, which alone would keep this process.
  (child.stdin as Socket).unref();
  const left = once(child, 'exit');
  return {
    async clean() {
      child.ref();
      child.stdin.end('bye');
      const [status] = await left;
      if (status !== 0) throw new Error(`the lab ${prefix} could not be removed; try scripts/lab-clean`);
    },
  };
}
