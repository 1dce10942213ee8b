import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { makeNodeByHand } from '../lab/hand-made-node.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { createLab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';
import { internetAddress4 } from '../lab/topology.ts';

test('the ends of the traffic agree with nft counters to the byte, IPv4 and IPv6, up and down', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 2 });
  const node = lab.node(1);
  const configurations = await makeNodeByHand(node.host, 1, 2);
  for (const [index, { wgQuickText }] of configurations.entries()) {
    await lab.client(index + 1).connect(wgQuickText);
  }
  for (const client of [1, 2]) await lab.traffic.openAll(client, 1, 4_000_000);
  lab.traffic.sendAll();
  await lab.traffic.passed(4_000_000n);
  lab.traffic.restAll();
  const accepted = await lab.traffic.settled();

  expect(await lab.traffic.lost()).toBe(0);
  const readings = await lab.traffic.readings();
  const downloads = readings.reduce((sum, { down }) => sum + down, 0n);
  expect(await lab.internet.arrivedFrom(1)).toBe(accepted - downloads);
  expect((await lab.client(1).arrivedBytes()) + (await lab.client(2).arrivedBytes())).toBe(downloads);
  const forwarded = await node.host.run(['nft', 'list', 'counter', 'inet', 'byhand', 'forwarded']);
  expect(forwarded).toContain(`bytes ${accepted}`);
});

test('without a tunnel a client has no way to the internet', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const { exitCode, stderr } = await lab.client(1).host.tryRun(['ip', 'route', 'get', internetAddress4]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('Network is unreachable');
});

test('a lab whose story fails leaves nothing on the machine', async () => {
  let prefix = '';
  await expect(async () => {
    await using lab = await createLab({ nodes: 1, clients: 1 });
    prefix = lab.prefix;
    const [configuration] = await makeNodeByHand(lab.node(1).host, 1, 1);
    await lab.client(1).connect(configuration?.wgQuickText ?? '');
    expect(await leftovers(prefix)).not.toEqual([]);
    throw new Error('the story fails here');
  }).rejects.toThrow('the story fails here');
  expect(await leftovers(prefix)).toEqual([]);
});

test('a lab whose process is killed leaves nothing on the machine', async () => {
  const prefix = await killed(`
    import { createLab } from '${new URL('../lab/lab.ts', import.meta.url)}';
    const lab = await createLab({ nodes: 1, clients: 1 });
    console.log(lab.prefix);
  `);
  await eventually('all is gone', async () => (await leftovers(prefix)).length === 0, { within: 10_000 });
});

test('a process with namespaces and folders of its own leaves nothing when it is killed, nor does what works in its copy', async () => {
  const prefix = await killed(`
    import { spawn } from 'node:child_process';
    import { ownFolder, ownPrefix } from '${new URL('../lab/own.ts', import.meta.url)}';
    import { createNamespace, uniqueInterface } from '${new URL('../node/namespace.ts', import.meta.url)}';
    import { startWireguardGo } from '${new URL('../node/wireguard-go.ts', import.meta.url)}';
    await startWireguardGo(await createNamespace(), uniqueInterface());
    ownFolder();
    ownFolder('/dev/shm');
    const cwd = ownFolder(undefined, 'copy');
    spawn('tail', ['-f', '/dev/null', cwd], { cwd, detached: true, stdio: 'ignore' });
    console.log(ownPrefix());
  `);
  await eventually('all is gone', async () => (await leftovers(prefix)).length === 0, { within: 10_000 });
});

/** Of a process that makes things, says their prefix, and is killed then. */
async function killed(story: string): Promise<string> {
  const program = `${story}\nsetInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const prefix = String(line).trim();
  expect(await leftovers(prefix)).not.toEqual([]);
  child.kill('SIGKILL');
  return prefix;
}

async function leftovers(prefix: string): Promise<string[]> {
  const everything = `ip netns list; ls /var/run/wireguard ${tmpdir()} /dev/shm; ip link; ps -e -o args`;
  const { stdout } = await tryRun(['sh', '-c', everything]);
  return stdout.split('\n').filter((line) => line.includes(prefix) && !line.includes('lab-clean'));
}
