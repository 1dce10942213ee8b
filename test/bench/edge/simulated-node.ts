import { mkdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { runAgent } from '../../../agent/agent.ts';
import { parseAgentConfig } from '../../../agent/config.ts';
import { FakeGate } from '../../../agent/gate/fake.ts';
import { FakeWireGuard } from '../../../agent/wireguard/fake.ts';
import { systemClock } from '../../../common/clock.ts';
import { silentLogger } from '../../../common/log.ts';
import { joinPatiently } from '../crew/enlist.ts';

/** The product's agent, whole, on a kernel in memory. It joins, syncs, reports and keeps its journal as ever. */
export class SimulatedNode {
  readonly gate = new FakeGate(systemClock);
  readonly #wireguard = new FakeWireGuard();
  readonly #directory: string;
  #receivedBytes = 0;

  constructor(folder: string, number: number) {
    this.#directory = joinPath(folder, `s${number}`);
  }

  /** WireGuard has received that many bytes more of a peer, and its handshake if it is one that comes anew. */
  received(publicKey: string, bytes: number, handshake: boolean): void {
    this.#receivedBytes += bytes;
    this.#wireguard.act(publicKey, {
      received: BigInt(this.#receivedBytes),
      ...(handshake && { latestHandshake: Math.floor(systemClock.now() / 1000) }),
    });
  }

  /** `words` as the operator's join command has them; resolves once the agent runs. */
  async start(words: readonly string[]): Promise<void> {
    await mkdir(this.#directory, { mode: 0o700 });
    const [, controller = '', , token = '', , pin = ''] = words;
    const joining = { controller, token, pin, stateDirectory: this.#directory, forceNew: false };
    await joinPatiently(joining, { within: 120_000, every: 500 });
    const text = `log_level = "silent"
[state]
directory = "${this.#directory}"
[metrics]
listen = "127.0.0.1:0"
`;
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const running = runAgent(
      {
        config: parseAgentConfig('the simulated node', text),
        clock: systemClock,
        log: silentLogger,
        kernel: {
          ...{ gate: this.gate, wireguard: this.#wireguard },
          host: {
            ensure: async () => [],
            remove: async () => [],
            driver: async () => 'kernel',
            ipv6: async () => true,
          },
          check: async () => undefined,
        },
        random: Math.random,
        onReady: resolve,
      },
      new AbortController().signal,
    );
    await Promise.race([ready, running]);
  }
}
