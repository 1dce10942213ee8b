import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hireJanitor } from './janitor.ts';
import { newPrefix } from './names.ts';

let prefix: string | undefined;

/**
 * What this process makes on the machine outside of labs begins with this. A janitor removes what is left of it when the
 * process has ended, however it does.
 */
export function ownPrefix(): string {
  if (prefix === undefined) {
    prefix = newPrefix();
    hireJanitor(prefix);
  }
  return prefix;
}

/** A new folder that goes with this process at the latest; with a `copy` of the project, so does what works in it. */
export function ownFolder(within = tmpdir(), kind: 'lab' | 'copy' = 'lab'): string {
  const all = join(within, `${ownPrefix()}-${kind}`);
  mkdirSync(all, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(all, 'x'));
}
