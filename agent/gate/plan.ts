import { TurnpikeError } from '../../common/errors.ts';
import type { GateDevice, GateModel, Pass } from './model.ts';

export type OpenPass = Exclude<Pass, { kind: 'closed' }>;

/** One difference between two models, by tunnel address. */
export type Change =
  | { readonly kind: 'arm'; readonly quota: string; readonly bytes: bigint }
  | { readonly kind: 'expel'; readonly address: string; readonly pass: OpenPass }
  /** Drops the counters. */
  | { readonly kind: 'forget'; readonly address: string }
  /** Takes the mark away that the device was not heard. */
  | { readonly kind: 'hear'; readonly address: string }
  /** Makes counters, from zero. */
  | { readonly kind: 'count'; readonly address: string }
  /** Marks the address as not heard. */
  | { readonly kind: 'mark'; readonly address: string }
  /** Until `endsAt`, monotonic milliseconds. */
  | {
      readonly kind: 'admit';
      readonly address: string;
      readonly pass: OpenPass;
      readonly endsAt: number | undefined;
    }
  | { readonly kind: 'disarm'; readonly quota: string };

/** The order in which one transaction does it: a quota is there before what points to it, and gone after it. */
const order = [
  'arm',
  'expel',
  'forget',
  'hear',
  'count',
  'mark',
  'admit',
  'disarm',
] as const satisfies Change['kind'][];

/**
 * What turns `from` into `to`, at the monotonic time `now`.
 * @throws TurnpikeError `internal` when `to` breaks a rule of the model
 */
export function planChanges(from: GateModel, to: GateModel, now: number): readonly Change[] {
  const changes: Record<Change['kind'], Change[]> = {
    arm: [],
    expel: [],
    forget: [],
    hear: [],
    count: [],
    mark: [],
    admit: [],
    disarm: [],
  };
  const add = (change: Change) => void changes[change.kind].push(change);

  for (const [quota, { bytes }] of to.quotas) {
    const old = from.quotas.get(quota);
    if (old === undefined) add({ kind: 'arm', quota, bytes });
    else if (old.bytes !== bytes) throw new TurnpikeError('internal', `quota ${quota} would change in place`);
  }
  for (const quota of from.quotas.keys()) {
    if (!to.quotas.has(quota)) add({ kind: 'disarm', quota });
  }

  for (const [id, device] of from.devices) {
    const next = to.devices.get(id);
    // Most devices do not change in a tick: the same object, or one that equals it.
    if (next === device) continue;
    for (const [address, kept] of [
      [device.address4, next?.address4 === device.address4],
      [device.address6, next?.address6 === device.address6],
    ] as const) {
      const stays = kept && next !== undefined && sameWay(id, device, next);
      if (!stays && device.pass.kind !== 'closed') add({ kind: 'expel', address, pass: device.pass });
      if (!kept) add({ kind: 'forget', address });
      if (device.unheard === true && !(kept && next?.unheard === true)) add({ kind: 'hear', address });
    }
  }
  for (const [id, device] of to.devices) {
    const old = from.devices.get(id);
    if (old === device) continue;
    if (device.pass.kind === 'quota' && !to.quotas.has(device.pass.quota)) {
      throw new TurnpikeError(
        'internal',
        `device ${id} is on quota ${device.pass.quota}, which does not exist`,
      );
    }
    for (const [address, kept] of [
      [device.address4, old?.address4 === device.address4],
      [device.address6, old?.address6 === device.address6],
    ] as const) {
      const stayed = kept && old !== undefined && sameWay(id, old, device);
      if (!kept) add({ kind: 'count', address });
      if (device.unheard === true && !(kept && old?.unheard === true)) add({ kind: 'mark', address });
      const { pass, endsAt } = device;
      if (!stayed && pass.kind !== 'closed' && !hasEnded(device, now)) {
        add({ kind: 'admit', address, pass, endsAt });
      }
    }
  }
  refuseShared(to, changes.count);
  return order.flatMap((kind) => changes[kind]);
}

/** What gives all grant elements their full time again, at the monotonic time `now`. */
export function planRenewal(model: GateModel, now: number): readonly Change[] {
  const granted = [...model.devices.values()].flatMap((device) => {
    const { pass, address4, address6, endsAt } = device;
    if (pass.kind !== 'quota' || hasEnded(device, now)) return [];
    return [address4, address6].map((address) => ({ address, pass, endsAt }));
  });
  return [
    ...granted.map(({ address, pass }) => ({ kind: 'expel' as const, address, pass })),
    ...granted.map((entry) => ({ kind: 'admit' as const, ...entry })),
  ];
}

/** The change as a line for people. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'arm':
      return `arm quota ${change.quota} with ${change.bytes} bytes`;
    case 'disarm':
      return `delete quota ${change.quota}`;
    case 'count':
      return `count ${change.address} from zero`;
    case 'forget':
      return `delete the counters of ${change.address}`;
    case 'hear':
      return `take ${change.address} for heard`;
    case 'mark':
      return `mark ${change.address} as not heard`;
    case 'admit':
      return `let ${change.address} pass ${describePass(change.pass)}${describeEnd(change.endsAt)}`;
    case 'expel':
      return `stop ${change.address} passing ${describePass(change.pass)}`;
  }
}

function describePass(pass: OpenPass): string {
  switch (pass.kind) {
    case 'unlimited':
      return 'without limit';
    case 'allowance':
      return `on idle allowance ${pass.generation}`;
    case 'quota':
      return `on quota ${pass.quota}`;
  }
}

function describeEnd(endsAt: number | undefined): string {
  return endsAt === undefined ? '' : ` until ${endsAt} ms`;
}

function hasEnded({ endsAt }: GateDevice, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}

// An element with another end is another element, and that of an allowance would have its quota anew.
function sameWay(id: string, left: GateDevice, right: GateDevice): boolean {
  if (!samePass(left.pass, right.pass)) return false;
  if (left.endsAt === right.endsAt || left.pass.kind === 'closed') return true;
  if (left.pass.kind !== 'allowance') return false;
  throw new TurnpikeError('internal', `the allowance of device ${id} would get another end in place`);
}

function samePass(left: Pass, right: Pass): boolean {
  if (left.kind === 'allowance' && right.kind === 'allowance') return left.generation === right.generation;
  if (left.kind === 'quota' && right.kind === 'quota') return left.quota === right.quota;
  return left.kind === right.kind;
}

// Two devices with one address would share its counters, and the first to go would take them along.
function refuseShared(model: GateModel, counts: readonly Change[]): void {
  if (counts.length === 0) return;
  const owner = new Map<string, string>();
  for (const [id, { address4, address6 }] of model.devices) {
    for (const address of [address4, address6]) {
      const other = owner.get(address);
      if (other !== undefined) {
        throw new TurnpikeError('internal', `devices ${other} and ${id} have the same address ${address}`);
      }
      owner.set(address, id);
    }
  }
}
