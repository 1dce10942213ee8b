import { readFile } from 'node:fs/promises';

/** Names this boot of the machine (random(4), /proc/sys/kernel/random/boot_id). */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
