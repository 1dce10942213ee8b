import { CommandError, type CommandRunner } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { parseOutput } from '../../common/output.ts';
import { parseWireguardKey, publicKeyOf } from '../../common/wireguard-key.ts';
import { checkInterfaceName } from '../gate/names.ts';
import { removalsPerCommand } from './limits.ts';
import { PeerIndex } from './peer-index.ts';
import { Places } from './places.ts';
import { parseActivity, parseAllowedIps, parsePlaces, parsePublicKey, renderPeers } from './wg-text.ts';
import type { Peer, PeerActivity, WireGuard } from './wireguard.ts';

export interface WgOptions {
  readonly run: CommandRunner;
  readonly interfaceName: string;
  /** See limits.ts. */
  readonly maxPeers: number;
}

/** An interface, kernel's or userspace's, by the `wg` program. */
export class WgDriver implements WireGuard {
  readonly #options: WgOptions;
  readonly #name: string;
  readonly #places = new Places();
  #index: PeerIndex | undefined;
  // Asked for once: wg fetches all peers to answer anything.
  #ownKey: string | undefined;

  constructor(options: WgOptions) {
    this.#options = options;
    this.#name = checkInterfaceName(options.interfaceName);
  }

  async publicKey(): Promise<string | undefined> {
    this.#ownKey = await this.#show('public-key', parsePublicKey);
    return this.#ownKey;
  }

  async configure({ privateKey, listenPort }: { privateKey: string; listenPort: number }): Promise<void> {
    parseWireguardKey(privateKey, 'the private key of the node');
    try {
      await this.#withSecret(
        ['set', this.#name, 'listen-port', String(listenPort), 'private-key'],
        privateKey,
      );
    } catch (error) {
      throw explainPort(error, listenPort);
    }
    this.#ownKey = publicKeyOf(privateKey);
  }

  async peers(): Promise<ReadonlyMap<string, readonly string[]>> {
    const peers = await this.#show('allowed-ips', parseAllowedIps);
    this.#index = new PeerIndex(peers);
    return peers;
  }

  async upsert(peers: readonly Peer[]): Promise<void> {
    if (peers.length === 0) return;
    const index = await this.#knownPeers();
    index.upsert(peers, this.#ownKey ?? (await this.publicKey()), this.#options.maxPeers);
    await this.#changing(() => this.#withSecret(['addconf', this.#name], renderPeers(peers)));
  }

  async remove(publicKeys: readonly string[]): Promise<void> {
    for (const key of publicKeys) parseWireguardKey(key, 'the public key of a peer');
    for (let start = 0; start < publicKeys.length; start += removalsPerCommand) {
      const batch = publicKeys.slice(start, start + removalsPerCommand);
      const args = batch.flatMap((key) => ['peer', key, 'remove']);
      await this.#changing(() => this.#wg(() => this.#options.run(['wg', 'set', this.#name, ...args])));
      this.#index?.remove(batch);
    }
  }

  async activity(): Promise<readonly PeerActivity[]> {
    const [handshakes, transfer, places] = await Promise.all([
      this.#show('latest-handshakes', (output) => output),
      this.#show('transfer', (output) => output),
      this.#show('endpoints', (output) => parsePlaces(output, this.#places)),
    ]);
    return parseOutput('wg', transfer, () => parseActivity(handshakes, transfer, places));
  }

  // Never `dump`, which prints private and preshared keys too.
  async #show<Result>(
    what: 'public-key' | 'allowed-ips' | 'latest-handshakes' | 'transfer' | 'endpoints',
    parse: (output: string) => Result,
  ): Promise<Result> {
    const output = await this.#wg(() => this.#options.run(['wg', 'show', this.#name, what]));
    return parseOutput('wg', output, parse);
  }

  // Node's pipes are socket pairs, and those wg cannot open as /dev/stdin: `cat` makes a real pipe of it. Secrets go that
  // way only, so that they are in no argument list and in no file.
  #withSecret(args: readonly string[], input: string): Promise<void> {
    return this.#wg(async () => {
      await this.#options.run(['sh', '-c', 'cat | wg "$@" /dev/stdin', 'sh', ...args], {
        input,
        timeoutMs: 120_000,
      });
    });
  }

  async #knownPeers(): Promise<PeerIndex> {
    if (this.#index === undefined) await this.peers();
    return this.#index ?? new PeerIndex(new Map());
  }

  // After an error nobody knows how much was done: what we thought of the peers is forgotten, and read again when needed.
  async #changing(change: () => Promise<unknown>): Promise<void> {
    try {
      await change();
    } catch (error) {
      this.#index = undefined;
      throw error;
    }
  }

  async #wg<Result>(command: () => Promise<Result>): Promise<Result> {
    try {
      return await command();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof CommandError)) return error;
    if (error.said(/No such device|Protocol not supported|Address family not supported/)) {
      return new TurnpikeError('unavailable', `there is no WireGuard interface ${this.#name}`, {
        cause: error,
      });
    }
    if (error.said(/Operation not permitted|Permission denied/)) {
      return new TurnpikeError('environment', `wg may not touch the interface ${this.#name}`, {
        remedy: 'run turnpike-agent as root, or with CAP_NET_ADMIN',
        cause: error,
      });
    }
    if (error.exitCode === 127 || error.message.endsWith('is not installed')) {
      return new TurnpikeError('environment', 'wg is not installed', {
        remedy: 'apt install wireguard-tools',
      });
    }
    return new TurnpikeError('environment', `wg failed with status ${error.exitCode ?? 'unknown'}`, {
      cause: error,
    });
  }
}

function explainPort(error: unknown, listenPort: number): unknown {
  const cause = error instanceof TurnpikeError ? error.cause : undefined;
  if (!(cause instanceof CommandError) || !cause.said(/Address already in use/)) return error;
  return new TurnpikeError(
    'conflict',
    `another program has UDP port ${listenPort}, on which WireGuard should listen`,
    {
      remedy: `stop it (ss -ulnp 'sport = :${listenPort}' names it), or give the node's endpoint another port`,
      cause,
    },
  );
}
