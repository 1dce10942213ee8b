import type { Clock } from '../common/clock.ts';
import type { CommandRunner, streamLines } from '../common/command.ts';
import type { AgentConfig } from './config.ts';
import { NftGate } from './gate/nft.ts';
import { LinuxHost } from './host/linux.ts';

export interface KernelSideOptions {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly run: CommandRunner;
  readonly stream: typeof streamLines;
}

/** Gate and host of this machine, as the configuration wants them; `run` and `down` use the same. */
export function createKernelSide({ config, clock, run, stream }: KernelSideOptions) {
  const gate = new NftGate({ run, stream, clock });
  const host = new LinuxHost({
    ...{ run, clock, ...config.wireguard, ...config.network },
    stateDirectory: config.stateDirectory,
  });
  return { gate, host };
}
