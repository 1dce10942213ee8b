import { systemClock } from '../../common/clock.ts';
import type { Program } from '../lab/program.ts';
import type { RoundPlan } from './draw.ts';
import type { Stage } from './stage.ts';

/** What a fault may do, by the promises (docs/architecture.md). */
export interface FaultTerms {
  /** Whether the kernel's counters live through it: then no byte may be lost or doubled. */
  readonly counters: 'kept' | 'destroyed';
  /** `undisturbed`: no packet of somebody with a grant may be stopped. */
  readonly traffic: 'undisturbed' | 'interrupted';
  /** Whether WireGuard itself is struck: what the gate has let through may not arrive then, and only the gate knows. */
  readonly tunnel: 'kept' | 'struck';
  /** After the fault has ended. */
  readonly recoversWithinMs: number;
}

export interface Fault extends FaultTerms {
  /** Begins and ends the fault. Resolves with how long it kept traffic up by itself. */
  strike(stage: Stage, plan: RoundPlan): Promise<number>;
}

/** Flows are paced, and the machine is busy: less than this is no interruption. */
const quiet: FaultTerms = {
  counters: 'kept',
  traffic: 'undisturbed',
  tunnel: 'kept',
  recoversWithinMs: 1500,
};
/** A client notices after 15 s that its session is gone (WireGuard's KEEPALIVE_TIMEOUT + REKEY_TIMEOUT). */
const newSession: FaultTerms = {
  counters: 'kept',
  traffic: 'interrupted',
  tunnel: 'struck',
  recoversWithinMs: 22_000,
};
const flushed: FaultTerms = {
  counters: 'destroyed',
  traffic: 'interrupted',
  tunnel: 'kept',
  recoversWithinMs: 3000,
};

const lasting = ({ lastsMs }: RoundPlan) => systemClock.sleep(lastsMs);
const agentOf = (stage: Stage, plan: RoundPlan) => running(stage.lab.node(plan.node).program);

function running(program: Program | undefined): Program {
  if (!program?.running) throw new Error('the program that a fault strikes does not run');
  return program;
}

export const faults = {
  'agent: kill -9, started again': {
    ...quiet,
    async strike(stage, plan) {
      await stage.lab.node(plan.node).kill();
      await lasting(plan);
      await stage.lab.node(plan.node).start();
      return 0;
    },
  },
  'agent: SIGSTOP, SIGCONT': {
    ...quiet,
    async strike(stage, plan) {
      const agent = agentOf(stage, plan);
      agent.signal('SIGSTOP');
      await lasting(plan);
      agent.signal('SIGCONT');
      return 0;
    },
  },
  'agent: SIGSTOP, kill -9, started again': {
    ...quiet,
    async strike(stage, plan) {
      agentOf(stage, plan).signal('SIGSTOP');
      await lasting(plan);
      await stage.lab.node(plan.node).kill();
      await stage.lab.node(plan.node).start();
      return 0;
    },
  },
  'agent: upgraded (another copy of the code)': {
    ...quiet,
    async strike(stage, plan) {
      const node = stage.lab.node(plan.node);
      await node.stop();
      node.source = await stage.anotherCopy(node.source);
      await node.start();
      return 0;
    },
  },
  "agent's disk full for a while": {
    ...quiet,
    async strike(stage, plan) {
      const disk = stage.diskOf(plan.node);
      disk.fill();
      await lasting(plan);
      disk.makeRoom();
      return 0;
    },
  },
  'controller: kill -9, started again': {
    ...quiet,
    async strike({ lab }, plan) {
      await lab.controller.kill();
      await lasting(plan);
      await lab.controller.start();
      return 0;
    },
  },
  'controller: SIGSTOP, SIGCONT': {
    ...quiet,
    async strike({ lab }, plan) {
      const controller = running(lab.controller.program);
      controller.signal('SIGSTOP');
      await lasting(plan);
      controller.signal('SIGCONT');
      return 0;
    },
  },
  'controller: SIGSTOP, kill -9, started again': {
    ...quiet,
    async strike({ lab }, plan) {
      running(lab.controller.program).signal('SIGSTOP');
      await lasting(plan);
      await lab.controller.kill();
      await lab.controller.start();
      return 0;
    },
  },
  'controller and all agents: kill -9, started again': {
    ...quiet,
    async strike({ lab }, plan) {
      await Promise.all([lab.controller.kill(), ...lab.nodes.map((node) => node.kill())]);
      await lasting(plan);
      await Promise.all([lab.controller.start(), ...lab.nodes.map((node) => node.start())]);
      return 0;
    },
  },
  'controller: books restored from a backup': {
    ...quiet,
    async strike({ lab }, plan) {
      const copy = await lab.controller.backUp();
      await lasting(plan);
      await lab.controller.kill();
      await lab.controller.restore(copy);
      await lab.controller.start();
      await lab.controller.cli.json('hold', 'release', '--yes');
      return 0;
    },
  },
  'node cut off from the controller': {
    ...quiet,
    async strike({ lab }, plan) {
      await lab.node(plan.node).cutOff();
      await lasting(plan);
      await lab.node(plan.node).reconnect();
      return 0;
    },
  },
  'node cut off one way': {
    ...quiet,
    async strike(stage, plan) {
      const heal = await stage.cutOneWay(plan.node, plan.kind < 0.5 ? 'to' : 'from');
      await lasting(plan);
      await heal();
      return 0;
    },
  },
  'wireguard-go: SIGSTOP, SIGCONT': {
    ...quiet,
    traffic: 'interrupted',
    tunnel: 'struck',
    async strike({ lab }, plan) {
      const node = lab.node(plan.node);
      await node.signalWireguard('SIGSTOP');
      await lasting(plan);
      await node.signalWireguard('SIGCONT');
      return plan.lastsMs;
    },
  },
  'wireguard-go: kill -9': {
    ...newSession,
    async strike({ lab }, plan) {
      await lab.node(plan.node).signalWireguard('SIGKILL');
      return 0;
    },
  },
  'interface deleted (ip link del)': {
    ...newSession,
    async strike({ lab }, plan) {
      const { host, interface: name } = lab.node(plan.node);
      await host.run(['ip', 'link', 'del', name]);
      return 0;
    },
  },
  'peers removed by hand': {
    ...newSession,
    async strike(stage, plan) {
      const { host, interface: name } = stage.lab.node(plan.node);
      const peers = await stage.lab.node(plan.node).peers();
      await host.run(['wg', 'set', name, ...peers.flatMap((peer) => ['peer', peer, 'remove'])]);
      return 0;
    },
  },
  'ruleset flushed': {
    ...flushed,
    async strike({ lab }, plan) {
      await lab.node(plan.node).host.run(['nft', 'flush', 'ruleset']);
      return 0;
    },
  },
  'gate elements deleted by hand': {
    ...flushed,
    async strike(stage, plan) {
      await stage.lab.node(plan.node).deleteGateElements(stage.addressesOn(plan.node));
      return 0;
    },
  },
  'node rebooted (ruleset, interface and agent gone)': {
    ...newSession,
    counters: 'destroyed',
    async strike({ lab }, plan) {
      const node = lab.node(plan.node);
      await Promise.all([node.kill(), node.signalWireguard('SIGKILL')]);
      await node.host.run(['nft', 'flush', 'ruleset']);
      await lasting(plan);
      await node.start();
      return plan.lastsMs;
    },
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];
