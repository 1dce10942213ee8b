import { createInterface } from 'node:readline';
import { execa } from 'execa';

/** The controller as a process of its own. */
export interface ControllerProcess {
  /** Resolves with its exit code. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined>;
}

/** Resolves once it says that it is ready, or has ended. */
export async function startProcess(configFile: string): Promise<ControllerProcess> {
  const child = execa(process.execPath, ['controller/main.ts', '--config', configFile], { reject: false });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    if (JSON.parse(line).msg === 'ready') resolve();
  });
  await Promise.race([ready, child]);
  return {
    end: async (signal) => {
      child.kill(signal);
      return (await child).exitCode;
    },
  };
}
