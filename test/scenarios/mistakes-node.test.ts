import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { joinWords, type Node } from '../lab/node.ts';
import { run } from '../lab/run.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { expectMistake } from './mistake.ts';

// Nodes 1 to 4 are for one mistake or more each; node 1 is enrolled.
let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ nodes: 3, clients: 0 });
  await lab.controller.start();
  await lab.node(1).join(lab.controller.cli);
});
afterAll(() => lab[Symbol.asyncDispose]());

/** A folder with nothing but these programs, as PATH. */
async function pathWith(
  node: Node,
  programs: readonly string[],
  fakes: Record<string, string> = {},
): Promise<string> {
  const folder = mkdtempSync(node.host.file('path-'));
  for (const program of programs) {
    const place = (await run(['sh', '-c', `command -v ${program}`])).trim();
    symlinkSync(place, join(folder, program));
  }
  for (const [name, text] of Object.entries(fakes)) writeFileSync(join(folder, name), text, { mode: 0o755 });
  return folder;
}

const tools = ['ip', 'nft', 'wg', 'wireguard-go', 'sysctl', 'sh', 'cat'];

test('a token is good for one node once', async () => {
  const answer = await lab.node(2).announce(lab.controller.cli);
  await lab.node(2).agent(...joinWords(answer));
  expectMistake(await lab.node(3).agentInVain(joinWords(answer)), /token.*turnpike node token/);
});

test('a wrong pin ends the join before the token is shown', async () => {
  const answer = await lab.node(3).announce(lab.controller.cli);
  const wrong = { joinCommand: answer.joinCommand.replace(answer.pin, `sha256:${'0'.repeat(64)}`) };
  expectMistake(await lab.node(3).agentInVain(joinWords(wrong)), /pin/);
  await lab.node(3).agent(...joinWords(answer));
});

test('a controller that cannot be reached is named', async () => {
  const words = ['join', '10.91.0.1:7999', '--token', 'x'.repeat(43), '--pin', `sha256:${'0'.repeat(64)}`];
  const node = lab.node(3);
  expectMistake(await node.agentInVain([...words, '--force-new']), /10\.91\.0\.1:7999/);
});

test('an unknown key in the configuration is named', async () => {
  await using other = await createLab({ nodes: 1, clients: 0 });
  other.node(1).configure({ interface: 'interfaces = "wg0"' });
  expectMistake(
    await other.node(1).agentInVain(['run']),
    /agent\.toml.*wireguard\.interfaces is not a known key/,
  );
});

test('run before join names the command that comes first', async () => {
  await using other = await createLab({ nodes: 1, clients: 0 });
  expectMistake(await other.node(1).agentInVain(['run']), /has not joined.*turnpike node add/);
});

test.each(['wg', 'nft'])('a missing %s is named, with the package', async (program) => {
  const path = await pathWith(
    lab.node(1),
    tools.filter((tool) => tool !== program),
  );
  const result = await lab.node(1).agentInVain(['run'], { prefix: ['env', `PATH=${path}`] });
  expectMistake(result, program === 'wg' ? /wg.*wireguard-tools/ : /nft.*nftables/);
});

test('an nft that is too old is named, with the version that is needed', async () => {
  const old = { nft: '#!/bin/sh\n[ "$1" = --version ] && echo "nftables v0.9.0 (Fearless Fosdick)"\n' };
  const path = await pathWith(
    lab.node(1),
    tools.filter((tool) => tool !== 'nft'),
    old,
  );
  const result = await lab.node(1).agentInVain(['run'], { prefix: ['env', `PATH=${path}`] });
  expectMistake(result, /nft 0\.9\.0.*nftables 1\.0/);
});

test('without the right to change the network the agent says so', async () => {
  const prefix = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', '--'];
  expectMistake(await lab.node(1).agentInVain(['run'], { prefix }), /root|CAP_NET_ADMIN|right|permi/i);
});

test('an interface of that name that is not ours is left alone', async () => {
  const { host, interface: name } = lab.node(1);
  await host.run(['ip', 'link', 'add', name, 'type', 'bridge']);
  expectMistake(await lab.node(1).agentInVain(['run']), new RegExp(name));
  expect(await host.run(['ip', '-d', 'link', 'show', name])).toContain('bridge');
  await host.run(['ip', 'link', 'del', name]);
});

test('a UDP port that is taken is named', async () => {
  const node = lab.node(1);
  const { host } = node;
  // It knows from before on which port it is to listen.
  await node.start();
  await node.isMade();
  await node.stop();
  await node.agent('down');
  const script = "require('node:dgram').createSocket('udp4').bind(51820, () => console.log('bound'))";
  const taker = host.start('taker', [process.execPath, '-e', script]);
  await taker.said(/bound/, 10_000);
  const result = await node.agentInVain(['run']);
  await taker.stop();
  expectMistake(result, /UDP port 51820/);
});

test.each([
  [
    'is read-only',
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
    /read-only|not be written/i,
  ],
  [
    'is full',
    'cp -a "$0" "$0.was" && mount -t tmpfs -o size=1m tmpfs "$0" && cp -a "$0.was/." "$0" && head -c 2m /dev/zero > "$0/full" 2>&-; exec "$@"',
    /full|free some space/i,
  ],
])('the agent says that its disk %s', async (_, script, says) => {
  const node = lab.node(1);
  const prefix = ['unshare', '-m', 'sh', '-c', script, node.host.file('state')];
  expectMistake(await node.agentInVain(['run'], { prefix }), says);
});

test("a device may not have a node's own key", async () => {
  await using other = await createLab({ nodes: 1, clients: 0 });
  await openShop(other);
  const sale = await Sale.make(other, 1_000_000n, 0);
  const { cli } = other.controller;
  const key = await eventually(
    'the node has said its key',
    async () => (await cli.json<{ publicKey: string | null }>('node', 'show', 'node1')).publicKey,
    { within: 10_000, every: 200 },
  );
  expectMistake(await cli.failure('device', 'add', sale.subscription, '--public-key', key), /node1|node's/);
});
