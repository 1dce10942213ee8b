import type { NodeSettings } from '../desired/state.ts';
import type { Epoch, GateFrame } from '../gate/model.ts';

export function frameOf(settings: NodeSettings, interfaceName: string, ipv6: boolean): GateFrame {
  const { range4, range6, address4, address6, mtu } = settings;
  return { interfaceName, range4, range6, address4, address6, mtu, ipv6 };
}

export function sameEpoch(left: Epoch | undefined, right: Epoch | undefined): boolean {
  return (
    left !== undefined && right !== undefined && left.bootId === right.bootId && left.table === right.table
  );
}

export function sameSettings(left: NodeSettings | undefined, right: NodeSettings): boolean {
  return left !== undefined && JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(settings: NodeSettings): [string, unknown][] {
  return Object.entries(settings).sort(([left], [right]) => (left < right ? -1 : 1));
}
