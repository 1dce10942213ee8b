import { readFile, writeFile } from 'node:fs/promises';
import { CommandError, type CommandRunner } from './command.ts';

/**
 * Sees to it that this process and those that it starts leave no core dump, which would hold keys: also when no unit
 * of systemd does. A kernel that pipes dumps to a program asks no limit, so none of the memory is offered either
 * (core(5)); what cannot be had here is left.
 */
export async function forbidCoreDumps(run: CommandRunner, pid: number): Promise<void> {
  await writeFile('/proc/self/coredump_filter', '0').catch(() => undefined);
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  if (/^Max core file size +0 +0 /m.test(limits)) return;
  try {
    await run(['prlimit', '--pid', String(pid), '--core=0:0']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}
