import type { NewTariff } from '../../controller/catalogue/catalogue.ts';
import type { DiskOperation, DiskTrouble } from './disk.ts';
import type { KernelTrouble } from './node-machine.ts';
import { Random } from './random.ts';
import type { Weather } from './way.ts';

/** Nodes, devices and subscriptions are named by their place in the world's lists. */
export type Deed =
  | {
      readonly kind: 'traffic';
      readonly device: number;
      readonly node: number;
      readonly upload: number;
      readonly bytes: number;
      readonly everyMs: number;
      readonly forMs: number;
    }
  | { readonly kind: 'add device'; readonly subscription: number }
  | { readonly kind: 'remove device'; readonly device: number }
  | { readonly kind: 'suspend' | 'resume'; readonly subscription: number }
  | { readonly kind: 'top up' | 'refund'; readonly subscription: number; readonly bytes: number }
  | {
      readonly kind: 'change tariff';
      readonly subscription: number;
      /** Place in {@link otherTariffs}. */
      readonly to: number;
      readonly when: 'now' | 'next-period';
    }
  | { readonly kind: 'enforcement'; readonly to: 'enforce' | 'observe' }
  | { readonly kind: 'crash agent'; readonly node: number; readonly downMs: number }
  | { readonly kind: 'crash controller'; readonly downMs: number }
  | {
      readonly kind: 'disk';
      readonly machine: number | 'controller';
      readonly operation: DiskOperation;
      /** Of those that come from now on. */
      readonly nth: number;
      readonly how: DiskTrouble;
      readonly times: number;
    }
  | { readonly kind: 'kernel'; readonly node: number; readonly nth: number; readonly how: KernelTrouble }
  | {
      readonly kind: 'partition';
      readonly node: number;
      readonly ways: 'both' | 'to controller' | 'to node';
      readonly forMs: number;
    }
  | {
      readonly kind: 'weather';
      readonly node: number;
      readonly way: 'to controller' | 'to node';
      readonly weather: Weather;
      readonly forMs: number;
    }
  | { readonly kind: 'clock'; readonly machine: number | 'controller'; readonly ms: number }
  | { readonly kind: 'blink'; readonly node: number }
  | { readonly kind: 'flush' | 'interface lost'; readonly node: number }
  | { readonly kind: 'forget'; readonly node: number; readonly device: number }
  | { readonly kind: 'power loss'; readonly node: number; readonly downMs: number }
  | { readonly kind: 'backup' }
  | { readonly kind: 'restore'; readonly downMs: number }
  | { readonly kind: 'clone'; readonly node: number }
  /** The disk is lost with all that the agent knew, and it joins anew. */
  | { readonly kind: 'state lost'; readonly node: number };

export type Step = { readonly at: number } & Deed;

/** What a seed's faults are drawn from; the table has a line for each. */
export const themes = [
  'messages',
  'crashes',
  'write points',
  'disks',
  'partitions',
  'clocks',
  'flush',
  'power loss',
  'periods',
  'all but losses',
  'restore',
  'restore and crashes',
  'lost state',
  'clones',
  'changes',
] as const;
export type Theme = (typeof themes)[number];

export interface Plan {
  readonly seed: number;
  readonly theme: Theme;
  readonly nodes: number;
  readonly periodMs: number | undefined;
  /** How long a node may serve on its own, and how long before it begins a period is opened. */
  readonly validitySeconds: number;
  /** What is sold in the beginning. */
  readonly subscriptions: readonly { readonly tariff: Omit<NewTariff, 'name'>; readonly devices: number }[];
  readonly steps: readonly Step[];
}

/** What a subscription can be changed to. */
export const otherTariffs = [
  { volumeBytes: 300_000n, period: 'days', periodDays: 1 },
  { volumeBytes: 30_000_000n, period: 'days', periodDays: 1, rollover: true },
  { volumeBytes: null, period: 'days', periodDays: 1 },
  { volumeBytes: 4_000_000n, period: 'days', periodDays: 1, throttleBitsPerSecond: 1_000_000 },
  { volumeBytes: 10_000_000n, period: 'days', periodDays: 1, rollover: true },
] as const satisfies readonly Omit<NewTariff, 'name'>[];

export const playMs = 20_000;
const nodes = 2;
/** How long a day is, or whether it ends at all, is the world's. */
const daily = { period: 'days', periodDays: 1 } as const;
const subscriptions = [
  { tariff: { ...daily, volumeBytes: 6_000_000n }, devices: 2 },
  { tariff: { ...daily, volumeBytes: 40_000_000n, maxConnections: 1 }, devices: 3 },
  { tariff: { ...daily, volumeBytes: 2_000_000n, throttleBitsPerSecond: 1_000_000 }, devices: 1 },
] as const;
const devices = subscriptions.reduce((sum, one) => sum + one.devices, 0);

export function drawPlan(seed: number): Plan {
  const random = new Random(seed, 'plan');
  const theme = themes[seed % themes.length] as Theme;
  const steps: Step[] = [];
  const at = (least = 500, most = playMs) => random.between(least, most);
  for (let n = random.between(5, 9); n > 0; n -= 1)
    steps.push({ at: at(0, 15_000), ...traffic(random, theme === 'clones' ? nodes : nodes - 1) });
  for (let n = random.between(1, 5); n > 0; n -= 1) steps.push({ at: at(), ...operation(random) });
  if (theme === 'changes') {
    for (let n = random.between(2, 6); n > 0; n -= 1) steps.push({ at: at(), ...tariffChange(random) });
    if (random.chance(0.2)) {
      steps.push({ at: at(), kind: 'enforcement', to: 'observe' });
      steps.push({ at: at(), kind: 'enforcement', to: 'enforce' });
    }
  }
  for (let n = random.between(2, 7); n > 0; n -= 1) {
    const drawn = fault(random, theme);
    steps.push(...drawn.map((deed) => ({ at: at(), ...deed })));
  }
  if (theme.startsWith('restore')) {
    const backupAt = random.between(0, 8_000);
    steps.push({ at: backupAt, kind: 'backup' });
    steps.push({
      at: random.between(backupAt + 500, playMs),
      kind: 'restore',
      downMs: random.pick([0, 3000]),
    });
  }
  if (theme === 'clones') steps.push({ at: random.between(1000, 12_000), kind: 'clone', node: 0 });
  steps.sort((left, right) => left.at - right.at);
  const turns =
    theme === 'periods' ||
    (theme === 'all but losses' && random.chance(0.3)) ||
    (theme === 'changes' && random.chance(0.8));
  const validitySeconds = theme === 'changes' && random.chance(0.5) ? 4 : 600;
  const sold =
    theme === 'changes'
      ? subscriptions.map((one) => ({ ...one, tariff: random.pick(otherTariffs) }))
      : subscriptions;
  const periodMs = turns ? 9_000 : undefined;
  return { seed, theme, nodes, periodMs, validitySeconds, subscriptions: sold, steps };
}

function traffic(random: Random, most: number): Deed {
  return {
    ...{ kind: 'traffic', device: random.between(0, devices - 1), node: random.between(0, most) },
    upload: random.pick([0.1, 0.5, 0.9]),
    bytes: random.pick([300, 1500, 9000, 60_000]),
    everyMs: random.pick([130, 250, 700]),
    forMs: random.between(2000, 12_000),
  };
}

function operation(random: Random): Deed {
  const subscription = random.between(0, 2);
  const device = random.between(0, devices - 1);
  return random.pick<() => Deed>([
    () => ({ kind: 'add device', subscription }),
    () => ({ kind: 'remove device', device }),
    () => ({ kind: 'suspend', subscription }),
    () => ({ kind: 'resume', subscription }),
    () => ({ kind: 'resume', subscription }),
    () => ({ kind: 'top up', subscription, bytes: random.between(1, 5_000_000) }),
    () => ({ kind: 'top up', subscription, bytes: random.between(1, 5_000_000) }),
  ])();
}

function tariffChange(random: Random): Deed {
  const subscription = random.between(0, 2);
  if (random.chance(0.2)) return { kind: 'refund', subscription, bytes: random.between(1, 5_000_000) };
  const when = random.pick(['now', 'now', 'next-period'] as const);
  return { kind: 'change tariff', subscription, to: random.between(0, otherTariffs.length - 1), when };
}

function fault(random: Random, theme: Theme): Deed[] {
  const node = random.between(0, nodes - 1);
  const machine = random.chance(0.5) ? node : 'controller';
  const both = random.chance(0.4);
  switch (theme) {
    case 'messages':
      return [weather(random, node)];
    case 'crashes':
      return [crash(random, machine)];
    case 'write points':
      return [random.chance(0.7) ? dying(random, machine) : kernel(random, node)];
    case 'disks':
      return [failing(random, machine)];
    case 'partitions':
      return [partition(random, node)];
    case 'clocks':
      return [clock(random, machine), ...(both ? [crash(random, machine)] : [])];
    case 'flush':
      return [
        random.chance(0.6) ? { kind: 'flush', node } : { kind: 'forget', node, device: random.between(0, 4) },
      ];
    case 'power loss':
      return [{ kind: 'power loss', node, downMs: random.between(500, 10_000) }];
    case 'periods':
      return [random.pick([crash, dying])(random, machine), ...(both ? [partition(random, node)] : [])];
    case 'restore':
      return [];
    case 'restore and crashes':
      return [
        random.pick([crash, dying, failing])(random, machine),
        ...(both ? [partition(random, node)] : []),
      ];
    case 'lost state':
      return [{ kind: 'state lost', node }, ...(both ? [partition(random, node)] : [])];
    case 'clones':
      return both ? [partition(random, node)] : [];
    case 'changes':
      return [random.chance(0.6) ? partition(random, node) : random.pick([crash, dying])(random, machine)];
    case 'all but losses':
      return [
        random.pick<() => Deed>([
          () => weather(random, node),
          () => crash(random, machine),
          () => dying(random, machine),
          () => kernel(random, node),
          () => failing(random, machine),
          () => partition(random, node),
          () => clock(random, machine),
          () => ({ kind: 'blink', node }),
          () => ({ kind: 'interface lost', node }),
        ])(),
      ];
  }
}

function weather(random: Random, node: number): Deed {
  const worst = random.pick([0.05, 0.2, 0.5]);
  return {
    ...{ kind: 'weather', node, way: random.pick(['to controller', 'to node'] as const) },
    weather: {
      drop: random.chance(0.5) ? worst : 0,
      duplicate: random.chance(0.5) ? worst : 0,
      reorder: random.chance(0.5) ? worst : 0,
      delayMs: random.pick([0, 300, 3000]),
    },
    forMs: random.between(2000, 15_000),
  };
}

function crash(random: Random, machine: number | 'controller'): Deed {
  const downMs = random.pick([0, 300, 2000, 8_000]);
  return machine === 'controller'
    ? { kind: 'crash controller', downMs }
    : { kind: 'crash agent', node: machine, downMs };
}

function dying(random: Random, machine: number | 'controller'): Deed {
  const operation = random.pick(['write', 'commit', 'commit'] as const);
  const how = random.pick(['crash before', 'crash after', 'crash torn'] as const);
  return { kind: 'disk', machine, operation, nth: random.between(1, 25), how, times: 1 };
}

function failing(random: Random, machine: number | 'controller'): Deed {
  const operation = random.pick(['write', 'commit'] as const);
  // A journal whose commit fails and is there all the same: SQLite's own does that only across a crash.
  const hows =
    machine === 'controller' ? (['full', 'io', 'answer lost'] as const) : (['full', 'io'] as const);
  const times = random.pick([1, 1, 5, 40]);
  return { kind: 'disk', machine, operation, nth: random.between(1, 25), how: random.pick(hows), times };
}

function kernel(random: Random, node: number): Deed {
  const how = random.pick(['fail', 'crash before', 'crash after'] as const);
  return { kind: 'kernel', node, nth: random.between(1, 12), how };
}

function partition(random: Random, node: number): Deed {
  const ways = random.pick(['both', 'to controller', 'to node'] as const);
  return { kind: 'partition', node, ways, forMs: random.pick([500, 4000, 12_000, 30_000]) };
}

function clock(random: Random, machine: number | 'controller'): Deed {
  return { kind: 'clock', machine, ms: random.pick([-3_600_000, 3_600_000, -90_000, 90_000]) };
}
