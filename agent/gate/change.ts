import type { GateSpeed, Pass } from './model.ts';
import { speedKeys } from './names.ts';

export type OpenPass = Exclude<Pass, { kind: 'closed' }>;

/** One difference between two models, by tunnel address. */
export type Change =
  | { readonly kind: 'arm'; readonly quota: string; readonly bytes: bigint }
  | { readonly kind: 'limit'; readonly limit: string; readonly bytesPerSecond: bigint }
  | { readonly kind: 'expel'; readonly address: string; readonly pass: OpenPass }
  /** Takes its speed limits away. */
  | { readonly kind: 'unpace'; readonly address: string; readonly speed: GateSpeed }
  /** Drops the counters. */
  | { readonly kind: 'forget'; readonly address: string }
  /** Takes the mark away that the device was not heard. */
  | { readonly kind: 'hear'; readonly address: string }
  /** Makes counters, from zero. */
  | { readonly kind: 'count'; readonly address: string }
  /** Marks the address as not heard. */
  | { readonly kind: 'mark'; readonly address: string }
  | { readonly kind: 'pace'; readonly address: string; readonly speed: GateSpeed }
  /** Until `endsAt`, monotonic milliseconds. */
  | {
      readonly kind: 'admit';
      readonly address: string;
      readonly pass: OpenPass;
      readonly endsAt: number | undefined;
    }
  | { readonly kind: 'disarm'; readonly quota: string }
  | { readonly kind: 'unlimit'; readonly limit: string };

const order = [
  ...(['arm', 'limit', 'expel', 'unpace', 'forget', 'hear'] as const),
  ...(['count', 'mark', 'pace', 'admit', 'disarm', 'unlimit'] as const),
] satisfies Change['kind'][];

/** The order in which one transaction does it: an object is there before what points to it, and gone after it. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  const byKind = Object.groupBy(changes, ({ kind }) => kind);
  return order.flatMap((kind) => byKind[kind] ?? []);
}

/** The change as a line for people. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'arm':
      return `arm quota ${change.quota} with ${change.bytes} bytes`;
    case 'disarm':
      return `delete quota ${change.quota}`;
    case 'limit':
      return `make limit ${change.limit} of ${change.bytesPerSecond} bytes a second`;
    case 'unlimit':
      return `delete limit ${change.limit}`;
    case 'count':
      return `count ${change.address} from zero`;
    case 'forget':
      return `delete the counters of ${change.address}`;
    case 'hear':
      return `take ${change.address} for heard`;
    case 'mark':
      return `mark ${change.address} as not heard`;
    case 'pace':
      return `slow ${change.address} down by ${describeSpeed(change.speed)}`;
    case 'unpace':
      return `stop slowing ${change.address} down by ${describeSpeed(change.speed)}`;
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

function describeSpeed(speed: GateSpeed): string {
  return speedKeys.flatMap((key) => (speed[key] === undefined ? [] : [`${key} ${speed[key]}`])).join(', ');
}
