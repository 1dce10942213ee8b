import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LinuxHost } from '../../agent/host/linux.ts';
import { runCommand } from '../../common/command.ts';
import { ownFolder } from '../lab/own.ts';
import { createNamespace, type Namespace, uniqueInterface } from '../node/namespace.ts';
import { startWireguardGo } from '../node/wireguard-go.ts';
import { nodeHost, settings } from '../node/world.ts';

let node: Namespace;
let name: string;
let directory: string;
let host: LinuxHost;

beforeEach(async () => {
  node = await createNamespace();
  name = uniqueInterface();
  directory = ownFolder();
  host = await nodeHost(node, name, directory);
});

afterEach(async () => {
  await host.remove();
  await node.remove();
  await rm(directory, { recursive: true });
});

const forwarding = async () => (await node.run(['cat', '/proc/sys/net/ipv4/ip_forward'])).trim();

async function processOf(interfaceName: string): Promise<{ pid: number; session: number }> {
  const lines = (await runCommand(['ps', '-eo', 'pid=,sid=,args='])).split('\n');
  const line = lines.find((candidate) => candidate.trim().endsWith(` wireguard-go ${interfaceName}`));
  const [pid, session] = line?.trim().split(/\s+/).map(Number) ?? [];
  if (pid === undefined || session === undefined) throw new Error('no wireguard-go');
  return { pid, session };
}

describe('the host', () => {
  it('is made from nothing, and left alone when all is in place', async () => {
    expect(await host.ensure(settings)).toEqual([
      `make the interface ${name} (wireguard-go)`,
      `mark ${name} as ours`,
      'let 2000 packets wait for wireguard-go',
      `give ${name} the address 10.64.0.1/32`,
      `give ${name} the address fd74:7572:6e70::1/128`,
      `bring ${name} up`,
      `route 10.64.0.0/16 to ${name}`,
      'add the rule "iif lo to 10.64.0.0/16 lookup main"',
      'add the rule "to 10.64.0.0/16 fwmark 0/0x1000000 blackhole"',
      `add the rule "iif ${name} fwmark 0/0x1000000 blackhole"`,
      `route fd74:7572:6e70::/64 to ${name}`,
      'add the rule "iif lo to fd74:7572:6e70::/64 lookup main"',
      'add the rule "to fd74:7572:6e70::/64 fwmark 0/0x1000000 blackhole"',
      `add the rule "iif ${name} fwmark 0/0x1000000 blackhole"`,
      'let the reverse path check see marks',
      'turn IPv4 forwarding on',
    ]);
    expect(await host.ensure(settings)).toEqual([]);
    expect(await host.driver()).toBe('userspace');
  });

  it.each<[string, string[], string]>([
    ['the MTU', ['link', 'set', 'dev', 'IF', 'mtu', '1300'], 'set the MTU of IF to 1420'],
    [
      'the queue',
      ['link', 'set', 'dev', 'IF', 'txqueuelen', '500'],
      'let 2000 packets wait for wireguard-go',
    ],
    ['an address', ['address', 'delete', '10.64.0.1/32', 'dev', 'IF'], 'give IF the address 10.64.0.1/32'],
    [
      'a foreign address',
      ['address', 'add', '10.9.9.9/32', 'dev', 'IF'],
      'remove the address 10.9.9.9/32 from IF',
    ],
    ['a route', ['-6', 'route', 'delete', settings.range6, 'dev', 'IF'], 'route fd74:7572:6e70::/64 to IF'],
    ['a rule', ['rule', 'delete', 'priority', '2003'], 'add the rule "iif IF fwmark 0/0x1000000 blackhole"'],
    ['the link', ['link', 'set', 'dev', 'IF', 'down'], 'bring IF up'],
  ])('mends %s and says so', async (_, damage, line) => {
    await host.ensure(settings);
    const here = (text: string) => text.replace('IF', name);
    await node.run(['ip', ...damage.map(here)]);
    expect(await host.ensure(settings)).toContain(here(line));
    expect(await host.ensure(settings)).toEqual([]);
  });

  it('follows new settings and takes the old ones away', async () => {
    await host.ensure(settings);
    const moved = { ...settings, range4: '10.80.0.0/16', address4: '10.80.0.1', mtu: 1280 };
    const lines = await host.ensure(moved);
    expect(lines).toContain(`remove the address 10.64.0.1/32 from ${name}`);
    expect(lines).toContain('delete the rule "to 10.64.0.0/16 fwmark 0/0x1000000 blackhole"');
    expect(lines).toContain(`route 10.80.0.0/16 to ${name}`);
    expect(await host.ensure(moved)).toEqual([]);
    expect(await node.run(['ip', 'route', 'show', 'dev', name])).not.toContain('10.64');
  });

  it('runs wireguard-go in a session of its own, and starts another when it is killed', async () => {
    await host.ensure(settings);
    const { pid, session } = await processOf(name);
    const own = Number((await runCommand(['ps', '-o', 'sid=', '-p', String(process.pid)])).trim());
    expect(session).not.toBe(own);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect((await node.run(['ip', 'link'])).includes(name)).toBe(false));
    const lines = await host.ensure(settings);
    expect(lines).toContain('remove the socket that a dead wireguard-go left');
    expect(lines).toContain(`make the interface ${name} (wireguard-go)`);
    expect(await host.ensure(settings)).toEqual([]);
  });

  it('refuses an interface of its name that is not ours, and leaves it alone', async () => {
    const foreign = await startWireguardGo(node, name);
    await expect(host.ensure(settings)).rejects.toThrow(`the interface ${name} exists and is not Turnpike's`);
    expect(await host.remove()).toEqual([]);
    expect(await node.run(['ip', 'link'])).toContain(name);
    await foreign.stop();
    await node.run(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'other']);
    await node.run(['ip', 'link', 'set', name, 'alias', 'turnpike']);
    await expect(host.ensure(settings)).rejects.toThrow('is not Turnpike');
  });

  it('refuses a name that wireguard-go serves elsewhere on the machine', async () => {
    const elsewhere = await createNamespace();
    const foreign = await startWireguardGo(elsewhere, name);
    await expect(host.ensure(settings)).rejects.toThrow(
      `another wireguard-go on this machine serves ${name}`,
    );
    await foreign.stop();
    await elsewhere.remove();
  });

  it('knows its interface again after the agent died while making it', async () => {
    const dying = await nodeHost(node, name, directory, {
      run: (argv, options) => {
        if (argv.includes('alias')) throw new Error('killed');
        return node.run(argv, options);
      },
    });
    await expect(dying.ensure(settings)).rejects.toThrow('killed');
    expect(await host.ensure(settings)).toContain(`mark ${name} as ours`);
    expect(await host.ensure(settings)).toEqual([]);
  });

  it('takes down what it made, turns off what it turned on, and can do that twice', async () => {
    await host.ensure(settings);
    expect(await forwarding()).toBe('1');
    const lines = await host.remove();
    expect(lines).toContain(`delete the interface ${name}`);
    expect(lines).toContain('turn off again: net/ipv4/ip_forward');
    expect(await forwarding()).toBe('0');
    expect(await node.run(['ip', 'rule'])).not.toContain('blackhole');
    expect(await node.run(['ip', '-6', 'rule'])).not.toContain('blackhole');
    expect(await node.run(['ip', 'link'])).not.toContain(name);
    expect(await host.remove()).toEqual([]);
  });

  it('leaves forwarding on that was on before', async () => {
    await node.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    expect(await host.ensure(settings)).not.toContain('turn IPv4 forwarding on');
    await host.remove();
    expect(await forwarding()).toBe('1');
  });

  it('forwards IPv6 only where there is a way to the IPv6 internet, or the operator says so', async () => {
    expect(await host.ipv6()).toBe(false);
    const told = await nodeHost(node, name, directory, { ipv6: 'on' });
    expect(await told.ensure(settings)).toContain('turn IPv6 forwarding on');
    await node.run(['ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1']);
    await node.run(['ip', 'address', 'add', '2001:db8::2/64', 'dev', 'up0', 'nodad']);
    await node.run(['ip', 'link', 'set', 'up0', 'up']);
    await node.run(['ip', '-6', 'route', 'add', 'default', 'via', '2001:db8::1']);
    expect(await host.ipv6()).toBe(true);
    expect(await (await nodeHost(node, name, directory, { uplink: 'other' })).ipv6()).toBe(false);
    expect(await (await nodeHost(node, name, directory, { ipv6: 'off' })).ipv6()).toBe(false);
  });

  it('says that it needs wireguard-go, or a kernel with WireGuard', async () => {
    const never = await nodeHost(node, name, directory, { userspace: 'never' });
    await expect(never.ensure(settings)).rejects.toThrow('this kernel has no WireGuard');
    const without = await nodeHost(node, name, directory, {
      run: (argv, options) =>
        node.run(
          argv.map((word) => word.replace('wireguard-go', 'wireguard-gone')) as typeof argv & string[],
          options,
        ),
    });
    await expect(without.ensure(settings)).rejects.toThrow('wireguard-go is not installed');
  });
});
