import { probeSocket } from '../../agent/host/userspace.ts';
import { eventually } from './eventually.ts';
import type { Host } from './host.ts';
import { tunnelName } from './names.ts';
import type { Program } from './program.ts';
import { run } from './run.ts';
import { parseWgQuick } from './wg-quick.ts';

export const wireguardGo: readonly string[] = ['wireguard-go', '-f'];

/**
 * A client's WireGuard interface, made from wg-quick text as a customer would get it: kernel WireGuard where there is
 * one, else wireguard-go. Not wg-quick itself, which wants resolvconf for the DNS line.
 */
export class Tunnel {
  readonly interface: string;
  readonly #host: Host;
  readonly #userspace: Program | undefined;

  private constructor(host: Host, userspace: Program | undefined) {
    this.interface = tunnelName(host.prefix, host.name);
    this.#host = host;
    this.#userspace = userspace;
  }

  static async open(host: Host, wgQuickText: string, wireguard = wireguardGo): Promise<Tunnel> {
    const name = tunnelName(host.prefix, host.name);
    const config = parseWgQuick(wgQuickText);
    const tunnel = new Tunnel(host, await makeInterface(host, name, wireguard));
    await host.run(['sh', '-c', `cat | wg setconf ${name} /dev/stdin`], { input: config.wgText });
    await host.run(['ip', '-batch', '-'], {
      input: [
        ...config.addresses.map((address) => `addr add ${address} dev ${name}`),
        `link set ${name} mtu ${config.mtu} up`,
        // The way to the node itself is the more specific route of the underlay.
        ...config.allowedIps.map((range) => `route replace ${range} dev ${name}`),
      ]
        .map((line) => `${line}\n`)
        .join(''),
    });
    return tunnel;
  }

  /** Unix seconds of the latest handshake; 0 for none. */
  async latestHandshake(): Promise<number> {
    const text = await this.#host.run(['wg', 'show', this.interface, 'latest-handshakes']);
    return Number(text.trim().split('\t')[1] ?? 0);
  }

  async close(): Promise<void> {
    if (this.#userspace) await this.#userspace.stop();
    else await this.#host.run(['ip', 'link', 'del', this.interface]);
  }
}

/** Makes a WireGuard interface in the host; the program is wireguard-go, where the kernel has no WireGuard. */
export async function makeInterface(
  host: Host,
  name: string,
  wireguard: readonly string[] = wireguardGo,
): Promise<Program | undefined> {
  const kernel = await host.tryRun(['ip', 'link', 'add', name, 'type', 'wireguard']);
  if (kernel.exitCode === 0) return undefined;
  const program = host.start('wireguard-go', [...wireguard, name], { urgent: true });
  // Not by `wg show`: between bind and listen it takes the socket for one left behind, and removes it.
  await eventually(
    `wireguard-go serves ${name}`,
    async () => (await probeSocket(name)) === 'served' || !program.running,
    { within: 5000, every: 10 },
  );
  if (!program.running) throw new Error(`wireguard-go ended early:\n${program.log()}`);
  return program;
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** As `wg` makes them, base64. */
export async function newKeys(): Promise<KeyPair> {
  const privateKey = (await run(['wg', 'genkey'])).trim();
  const publicKey = (await run(['wg', 'pubkey'], { input: `${privateKey}\n` })).trim();
  return { privateKey, publicKey };
}
