import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const model = resolve(import.meta.dirname, '../../docs/model/grants.pml');
/** Of spin's own steps, of which some make up one of the model. */
const most = 3000;

/** What one walk through the model prints, each turn drawn from the seed. @throws Error when spin is missing or fails. */
export function walk(definitions: string, seed: number): string {
  // spin leaves files where it runs.
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-spin-'));
  try {
    const parameters = ['-T', `-n${seed}`, `-u${most}`, ...definitions.split(' '), model];
    const { status, stdout, error } = spawnSync('spin', parameters, { cwd: directory, encoding: 'utf8' });
    if (error) throw new Error(`spin cannot be run (${error.message}); npm run model installs it`);
    if (status !== 0) throw new Error(`spin ended with ${status}: ${stdout.slice(0, 500)}`);
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
