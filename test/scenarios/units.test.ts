import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tryRun } from '../lab/run.ts';

const boot = fileURLToPath(new URL('../systemd/boot', import.meta.url));
const probe = fileURLToPath(new URL('../systemd/probe', import.meta.url));
const installed = (await tryRun(['sh', '-c', 'command -v systemd-nspawn'])).exitCode === 0;

test.skipIf(!installed)(
  'the units come up, are ready, and an agent upgrade leaves wireguard-go alone',
  async () => {
    const { exitCode, stdout, stderr } = await tryRun([boot, probe], { timeoutMs: 110_000 });
    expect(exitCode, stdout + stderr).toBe(0);
  },
);
