import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** In memory where there is such a place: syncing a file to a disk takes longer than all the rest. */
export function memoryDirectory(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
