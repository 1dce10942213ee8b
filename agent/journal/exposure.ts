import { statSync } from 'node:fs';
import { join } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';

/** What holds a key of the node's or its customers', in the state directory. */
const secretFiles = ['identity.json', 'joining.key', 'wireguard.key', 'journal.db', 'journal.db-wal'];

/**
 * Keys must be the agent's alone, and nobody else may put others in their place. That the directory's names can be listed
 * gives nothing away.
 * @throws TurnpikeError `environment` with all that others may read or write, and what mends it
 */
export function refuseExposed(directory: string): void {
  const files = secretFiles
    .map((name) => join(directory, name))
    .filter((path) => ((modeOf(path) ?? 0) & 0o077) !== 0);
  const open = ((modeOf(directory) ?? 0) & 0o022) !== 0;
  if (files.length === 0 && !open) return;
  const wrong = [
    ...(open ? [`others may write in ${directory}`] : []),
    ...(files.length > 0 ? [`others may read the keys in ${files.join(', ')}`] : []),
  ];
  const mend = [
    ...(open ? [`chmod 700 ${directory}`] : []),
    ...(files.length > 0 ? [`chmod 600 ${files.join(' ')}`] : []),
  ];
  throw new TurnpikeError('environment', wrong.join(', and '), {
    remedy: `${mend.join(' && ')}; if somebody may have read or changed them, let the node join anew ("turnpike node token NODE" gives the command; add --force-new), and, after wireguard.key is moved away, make another with turnpike-agent new-key`,
  });
}

/** undefined: it is not there. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mode;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new TurnpikeError('environment', `${path} cannot be looked at: ${code}`, {
      remedy: 'run it as root',
    });
  }
}
