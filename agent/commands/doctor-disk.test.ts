import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { doctor } from './doctor.ts';
import { describeFinding } from './finding.ts';

/** A full disk: it makes files, and takes no content. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    open: async (...asked: Parameters<typeof real.open>) => {
      const file = await real.open(...asked);
      file.writeFile = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
      return file;
    },
  };
});

/** Bare, apart from its disk. */
const run: CommandRunner = async (argv) => {
  if (argv.includes('rule')) return '[]';
  if (argv[0] === 'cat') return '1\n';
  if (argv.includes('address')) throw new CommandError('ip', 1, 'failed', 'Device "wg0" does not exist.');
  throw new CommandError(argv[0], undefined, 'is not installed', '');
};

it('what tries a full disk leaves nothing on it', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'turnpike-full-'));
  try {
    const findings = await doctor({
      run,
      clock: systemClock,
      interfaceName: 'wg0',
      stateDirectory,
      userspace: 'never',
      uplink: 'auto',
    });
    expect(findings.map(describeFinding)).toContain(
      `missing  state: ${stateDirectory} cannot be written: ENOSPC (make it writable, or free some space)`,
    );
    expect(await readdir(stateDirectory)).toEqual([]);
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
});
