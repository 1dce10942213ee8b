import type { Clock } from '../../common/clock.ts';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { NodeSettings } from '../desired/state.ts';
import { checkInterfaceName } from '../gate/names.ts';
import type { Host } from './host.ts';
import {
  forwarding6,
  type Link,
  observeDefaultRoute6,
  observeHost,
  observeLink,
  observeRules,
  readSysctl,
} from './observe.ts';
import { isOurs } from './ownership.ts';
import { planHost, planInterlock, type Step, writeSysctl } from './plan.ts';
import { HostRecordFile } from './record.ts';
import {
  kernelHasWireGuard,
  probeSocket,
  removeSocket,
  startWireguardGo,
  unitIsUsed,
  unitName,
} from './userspace.ts';

export interface LinuxHostOptions {
  readonly run: CommandRunner;
  readonly clock: Clock;
  readonly interfaceName: string;
  readonly stateDirectory: string;
  /** Whether to run wireguard-go: where the kernel has no WireGuard, always, or never. */
  readonly userspace: 'auto' | 'always' | 'never';
  /** `auto`: where there is a default route. */
  readonly ipv6: 'auto' | 'on' | 'off';
  /** The device that `ipv6: auto` looks for a default route on. */
  readonly uplink: string | 'auto';
}

/** The Linux host, by `ip`, /proc/sys and wireguard-go. */
export class LinuxHost implements Host {
  readonly #options: LinuxHostOptions;
  readonly #run: CommandRunner;
  readonly #name: string;
  readonly #record: HostRecordFile;

  constructor(options: LinuxHostOptions) {
    this.#options = options;
    this.#run = explainRefusals(options.run);
    this.#name = checkInterfaceName(options.interfaceName);
    this.#record = new HostRecordFile(options.stateDirectory, this.#name);
  }

  async ensure(settings: NodeSettings): Promise<readonly string[]> {
    const { link, lines } = await this.#ensureLink();
    const state = await observeHost(this.#run, this.#name, link);
    const steps = planHost(this.#name, settings, await this.ipv6(), state);
    await this.#apply(steps);
    const record = await this.#record.read();
    if (record.making) await this.#record.write({ ...record, making: false });
    return [...lines, ...steps.map(({ line }) => line)];
  }

  async remove(): Promise<readonly string[]> {
    const lines: string[] = [];
    const link = await observeLink(this.#run, this.#name);
    if (link !== undefined && (await isOurs(this.#run, this.#name, link, await this.#record.read()))) {
      if (await unitIsUsed(this.#run, this.#name)) {
        await this.#run(['systemctl', 'stop', unitName(this.#name)]);
        lines.push(`stop ${unitName(this.#name)}`);
      }
      // wireguard-go ends when its interface is deleted.
      if ((await observeLink(this.#run, this.#name)) !== undefined) {
        await this.#run(['ip', 'link', 'delete', 'dev', this.#name]);
      }
      lines.push(`delete the interface ${this.#name}`);
    }
    for (const family of ['-4', '-6'] as const) {
      if (family === '-6' && (await readSysctl(this.#run, forwarding6)) === undefined) continue;
      const rules = await observeRules(this.#run, family);
      const steps = planInterlock(family, [], rules);
      await this.#apply(steps);
      lines.push(...steps.map(({ line }) => line));
    }
    for (const setting of (await this.#record.read()).turnedOn) {
      await this.#run(writeSysctl(setting, '0'));
      lines.push(`turn off again: net/${setting}`);
    }
    await this.#record.remove();
    return lines;
  }

  async driver(): Promise<'kernel' | 'userspace'> {
    const link = await observeLink(this.#run, this.#name);
    if (link !== undefined) return link.kind === 'wireguard' ? 'kernel' : 'userspace';
    const { userspace } = this.#options;
    if (userspace === 'always' || (await unitIsUsed(this.#run, this.#name))) return 'userspace';
    return userspace === 'never' || (await kernelHasWireGuard(this.#run)) ? 'kernel' : 'userspace';
  }

  async ipv6(): Promise<boolean> {
    const { ipv6, uplink } = this.#options;
    if (ipv6 !== 'auto') return ipv6 === 'on';
    if ((await readSysctl(this.#run, forwarding6)) === undefined) return false;
    const route = await observeDefaultRoute6(this.#run, this.#name);
    return route !== undefined && (uplink === 'auto' || route.device === uplink);
  }

  async #ensureLink(): Promise<{ link: Link; lines: readonly string[] }> {
    const present = await observeLink(this.#run, this.#name);
    if (present !== undefined) {
      if (await isOurs(this.#run, this.#name, present, await this.#record.read()))
        return { link: present, lines: [] };
      throw new TurnpikeError('conflict', `the interface ${this.#name} exists and is not Turnpike's`, {
        remedy: `remove it (ip link delete ${this.#name}), or set another name as wireguard.interface`,
      });
    }
    const lines = await this.#clearSocket();
    const record = await this.#record.read();
    await this.#record.write({ ...record, making: true });
    try {
      const how = await this.#makeLink();
      const link = await this.#awaitLink();
      return { link, lines: [...lines, `make the interface ${this.#name} (${how})`] };
    } catch (error) {
      await this.#record.write({ ...record, making: false });
      throw error;
    }
  }

  async #makeLink(): Promise<string> {
    if (await unitIsUsed(this.#run, this.#name)) {
      await this.#run(['systemctl', 'restart', unitName(this.#name)]);
      return unitName(this.#name);
    }
    if (this.#options.userspace !== 'always' && (await this.#makeKernelLink())) return 'kernel';
    if (this.#options.userspace === 'never') {
      throw new TurnpikeError('environment', 'this kernel has no WireGuard', {
        remedy: 'install a kernel with the wireguard module, or set wireguard.userspace = "auto"',
      });
    }
    await startWireguardGo(this.#run, this.#name);
    return 'wireguard-go';
  }

  /** False where the kernel knows no WireGuard. */
  async #makeKernelLink(): Promise<boolean> {
    try {
      await this.#run(['ip', 'link', 'add', 'dev', this.#name, 'type', 'wireguard']);
      return true;
    } catch (error) {
      if (error instanceof CommandError && error.said(/Unknown device type|not supported/)) return false;
      throw error;
    }
  }

  // A unit of type simple is "started" before its interface is there.
  async #awaitLink(): Promise<Link> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + 5000;
    for (;;) {
      const link = await observeLink(this.#run, this.#name);
      if (link !== undefined) return link;
      if (clock.monotonic() > deadline) {
        throw new TurnpikeError('environment', `the interface ${this.#name} does not appear`, {
          remedy: `see journalctl -u ${unitName(this.#name)}, or turnpike-agent doctor`,
        });
      }
      await clock.sleep(20);
    }
  }

  async #clearSocket(): Promise<readonly string[]> {
    switch (await probeSocket(this.#name)) {
      case 'none':
        return [];
      case 'stale':
        await removeSocket(this.#name);
        return ['remove the socket that a dead wireguard-go left'];
      case 'served':
        throw new TurnpikeError('conflict', `another wireguard-go on this machine serves ${this.#name}`, {
          remedy: 'it runs in another network namespace; set another name as wireguard.interface',
        });
    }
  }

  async #apply(steps: readonly Step[]): Promise<void> {
    for (const { commands, turnsOn } of steps) {
      if (turnsOn !== undefined) {
        const record = await this.#record.read();
        if (!record.turnedOn.includes(turnsOn)) {
          await this.#record.write({ ...record, turnedOn: [...record.turnedOn, turnsOn] });
        }
      }
      for (const argv of commands) await this.#run(argv);
    }
  }
}

function explainRefusals(run: CommandRunner): CommandRunner {
  return async (argv, options) => {
    try {
      return await run(argv, options);
    } catch (error) {
      if (error instanceof CommandError && error.message === 'ip is not installed') {
        throw new TurnpikeError('environment', error.message, { remedy: 'apt install iproute2' });
      }
      if (error instanceof CommandError && error.said(/Operation not permitted/)) {
        throw new TurnpikeError('environment', `${argv[0]} may not change the network of this machine`, {
          remedy: 'run turnpike-agent as root, or with CAP_NET_ADMIN',
          cause: error,
        });
      }
      throw error;
    }
  };
}
