import type { NodeSettings } from '../../agent/desired/state.ts';
import { FakeGate } from '../../agent/gate/fake.ts';
import type { GateFrame, GateModel } from '../../agent/gate/model.ts';
import { planChanges, planRenewal } from '../../agent/gate/plan.ts';
import { renderChanges } from '../../agent/gate/render.ts';
import type { HostState } from '../../agent/host/observe.ts';
import { planHost } from '../../agent/host/plan.ts';
import { FakeWireGuard } from '../../agent/wireguard/fake.ts';
import { renderUpsert } from '../../agent/wireguard/uapi-text.ts';
import { renderPeers } from '../../agent/wireguard/wg-text.ts';
import type { Peer } from '../../agent/wireguard/wireguard.ts';
import type { ManualClock } from '../unit/agent/manual-clock.ts';
import { FakeHost } from '../unit/agent/rig.ts';
import { checkCommand, checkFrame, checkPeers, checkQuestion, checkScript } from './grammar.ts';

/** A gate in memory that also renders what nft would be given, and looks at every line of it. */
export class CheckedGate extends FakeGate {
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    super(clock);
    this.#clock = clock;
  }

  override create(frame: GateFrame) {
    checkFrame(frame);
    return super.create(frame);
  }

  override reframe(frame: GateFrame) {
    checkFrame(frame);
    return super.reframe(frame);
  }

  override apply(from: GateModel, to: GateModel, validitySeconds: number) {
    const now = this.#clock.monotonic();
    checkScript(renderChanges(planChanges(from, to, now), { validitySeconds, now }));
    return super.apply(from, to, validitySeconds);
  }

  override renew(model: GateModel, validitySeconds: number) {
    const now = this.#clock.monotonic();
    checkScript(renderChanges(planRenewal(model, now), { validitySeconds, now }));
    return super.renew(model, validitySeconds);
  }
}

export class CheckedWireGuard extends FakeWireGuard {
  override async upsert(peers: readonly Peer[]) {
    await super.upsert(peers);
    checkPeers(renderPeers(peers));
    checkQuestion(renderUpsert(peers));
  }
}

const bare: HostState = {
  link: { kind: 'tun', alias: undefined, mtu: 0, queueLength: 0, up: false, addresses: ['192.0.2.1/32'] },
  ipv4: { forwarding: false, routes: [], rules: [] },
  ipv6: { forwarding: false, routes: [], rules: [] },
  checksMark: false,
  defaultRoute6: { device: 'eth0', advertised: true },
  disabled6: true,
  acceptAdvertisements: '1',
};

export class CheckedHost extends FakeHost {
  override async ensure(settings: NodeSettings): Promise<readonly string[]> {
    const steps = planHost('wg0', settings, true, bare);
    for (const argv of steps.flatMap(({ commands }) => commands)) checkCommand(argv);
    return steps.map(({ line }) => line);
  }
}
