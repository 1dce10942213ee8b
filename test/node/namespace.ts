import type { NetlinkSocket } from '../../agent/netlink/socket.ts';
import {
  type CommandOptions,
  type CommandRunner,
  type LineStream,
  runCommand,
  streamLines,
} from '../../common/command.ts';
import { namespaceName, tunnelName } from '../lab/names.ts';
import { ownPrefix } from '../lab/own.ts';
import { openNetlinkIn } from './netlink.ts';

let made = 0;

/** A network namespace of its own name, which goes with this process at the latest. `run`, `stream` and `open` are the agent's doors to programs and to the kernel, opened inside it. */
export interface Namespace {
  readonly name: string;
  readonly run: CommandRunner;
  readonly stream: (argv: readonly [string, ...string[]], onLine: (line: string) => void) => LineStream;
  readonly open: () => NetlinkSocket;
  remove(): Promise<void>;
}

export async function createNamespace(): Promise<Namespace> {
  made += 1;
  const name = namespaceName(ownPrefix(), `n${made}`);
  await runCommand(['ip', 'netns', 'add', name]);
  const inside = (argv: readonly string[]) => ['ip', 'netns', 'exec', name, ...argv] as [string, ...string[]];
  const run = (argv: readonly [string, ...string[]], options?: CommandOptions) =>
    runCommand(inside(argv), options);
  await run(['ip', 'link', 'set', 'lo', 'up']);
  return {
    name,
    run,
    stream: (argv, onLine) => streamLines(inside(argv), onLine),
    open: () => openNetlinkIn(name),
    remove: async () => void (await runCommand(['ip', 'netns', 'delete', name])),
  };
}

/** An interface name that no other namespace of this machine uses: wireguard-go's sockets share one directory. */
export function uniqueInterface(): string {
  made += 1;
  return tunnelName(ownPrefix(), `n${made}`);
}

/** A cable between two namespaces. */
export async function connect(
  left: Namespace,
  leftName: string,
  right: Namespace,
  rightName: string,
): Promise<void> {
  await left.run([
    'ip',
    'link',
    'add',
    leftName,
    'type',
    'veth',
    'peer',
    'name',
    rightName,
    'netns',
    right.name,
  ]);
  await left.run(['ip', 'link', 'set', leftName, 'up']);
  await right.run(['ip', 'link', 'set', rightName, 'up']);
}

export async function addAddress(where: Namespace, name: string, ...addresses: string[]): Promise<void> {
  for (const address of addresses) {
    const nodad = address.includes(':') ? ['nodad'] : [];
    await where.run(['ip', 'address', 'add', address, 'dev', name, ...nodad]);
  }
}
