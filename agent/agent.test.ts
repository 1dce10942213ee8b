import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../common/clock.ts';
import { TurnpikeError } from '../common/errors.ts';
import { silentLogger } from '../common/log.ts';
import { runAgent } from './agent.ts';
import { newKey } from './commands/new-key.ts';
import { readStatus } from './commands/status.ts';
import { parseAgentConfig } from './config.ts';
import type { AgentIdentity } from './identity/identity.ts';
import { IdentityFile } from './identity/identity-file.ts';
import type { KernelSide } from './kernel-side.ts';

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-agent-'));
  await new IdentityFile(directory).save(identity);
});
afterEach(() => rmSync(directory, { recursive: true }));

const identity: AgentIdentity = {
  nodeId: 'nod_0123456789abcdef',
  nodeName: 'fra1',
  incarnation: 1,
  controllerAddress: 'controller.example:7443',
  enrolmentAddress: 'controller.example:7444',
  privateKey: '',
  certificate: '',
  caCertificate: '',
};
const reached = new TurnpikeError('environment', 'reached the kernel');
const path = (name: string) => join(directory, name);
const keyText = () => readFileSync(path('wireguard.key'), 'utf8');

/** Starts the agent and says what ended it; the kernel is reached when nothing in the state directory did. */
async function start(): Promise<unknown> {
  const options = {
    config: parseAgentConfig('a test', `[state]\ndirectory = "${directory}"`),
    clock: systemClock,
    log: silentLogger,
    kernel: { check: () => Promise.reject(reached) } as unknown as KernelSide,
    random: Math.random,
    onReady: () => undefined,
  };
  return await runAgent(options, new AbortController().signal).catch((error: unknown) => error);
}

/** As the agent leaves it once it has been in service. */
const serve = async () => {
  expect(await start()).toBe(reached);
  await new IdentityFile(directory).save({ ...identity, journalBegun: true });
};

describe('a lost WireGuard key', () => {
  it('is made at the first start after a join, and kept', async () => {
    expect(await start()).toBe(reached);
    const key = keyText();
    await serve();
    expect(await start()).toBe(reached);
    expect(keyText()).toBe(key);
  });

  it('is refused once the node has been in service, with the way back; none is made', async () => {
    await serve();
    rmSync(path('wireguard.key'));
    expect(await start()).toMatchObject({
      code: 'environment',
      message: expect.stringContaining(`${path('wireguard.key')} is gone`),
      remedy: expect.stringMatching(/that file alone back from a backup.*turnpike-agent new-key/),
    });
    expect(existsSync(path('wireguard.key'))).toBe(false);
    expect(await readStatus(directory, systemClock)).toMatchObject({ running: false });
  });

  it('is replaced on purpose by new-key, which leaves a key that is there alone', async () => {
    await serve();
    const before = keyText();
    await expect(newKey(directory)).rejects.toMatchObject({ code: 'conflict' });
    expect(keyText()).toBe(before);
    rmSync(path('wireguard.key'));
    expect((await newKey(directory)).at(-1)).toContain('hand out every configuration of fra1 anew');
    expect(keyText()).not.toBe(before);
    expect(await start()).toBe(reached);
  });
});

describe('a state directory', () => {
  it.each([
    ['identity.json', 0o640],
    ['wireguard.key', 0o644],
    ['journal.db', 0o604],
  ])('whose %s others may read is refused, with what mends it', async (name, mode) => {
    await serve();
    chmodSync(path(name), mode);
    expect(await start()).toMatchObject({
      code: 'environment',
      message: `others may read the keys in ${path(name)}`,
      remedy: expect.stringContaining(`chmod 600 ${path(name)};`),
    });
    chmodSync(path(name), 0o600);
    expect(await start()).toBe(reached);
  });

  it('in which others may write is refused; that they may list it is no harm', async () => {
    chmodSync(directory, 0o777);
    expect(await start()).toMatchObject({
      message: `others may write in ${directory}`,
      remedy: expect.stringContaining(`chmod 700 ${directory};`),
    });
    chmodSync(directory, 0o755);
    expect(await start()).toBe(reached);
  });
});
