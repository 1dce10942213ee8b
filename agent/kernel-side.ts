import type { Clock } from '../common/clock.ts';
import type { CommandRunner, streamLines } from '../common/command.ts';
import { checkMachine } from './commands/doctor.ts';
import type { AgentConfig } from './config.ts';
import type { Gate } from './gate/model.ts';
import { NftGate } from './gate/nft.ts';
import type { Host } from './host/host.ts';
import { LinuxHost } from './host/linux.ts';
import { openNetlink } from './netlink/socket.ts';
import { maxPeers } from './wireguard/limits.ts';
import { WgDriver } from './wireguard/wg.ts';
import type { WireGuard } from './wireguard/wireguard.ts';

/** All that the agent touches outside of itself, but for its state directory and the controller. */
export interface KernelSide {
  readonly gate: Gate;
  readonly wireguard: WireGuard;
  readonly host: Host;
  /** @throws TurnpikeError `environment` with the first thing that is missing on this machine */
  check(): Promise<void>;
}

export interface KernelSideOptions {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly run: CommandRunner;
  readonly stream: typeof streamLines;
}

/** This machine, as the configuration wants it used; `run` and `down` use the same. */
export function createKernelSide({ config, clock, run, stream }: KernelSideOptions): KernelSide {
  const { stateDirectory } = config;
  const { interfaceName, userspace } = config.wireguard;
  const limit = userspace === 'never' ? maxPeers.kernel : maxPeers.userspace;
  return {
    gate: new NftGate({ run, stream, open: openNetlink, clock }),
    wireguard: new WgDriver({ run, interfaceName, maxPeers: limit }),
    host: new LinuxHost({ ...{ run, clock, stateDirectory }, ...config.wireguard, ...config.network }),
    check: () =>
      checkMachine({
        ...{ run, clock, stateDirectory, uplink: config.network.uplink },
        ...config.wireguard,
      }),
  };
}
