import type { CommandRunner } from '../../common/command.ts';
import type { Link } from './observe.ts';
import { alias } from './plan.ts';
import type { HostRecord } from './record.ts';
import { unitIsUsed } from './userspace.ts';

/**
 * Whether the interface is Turnpike's: it says so, or we were making it when we died, or our unit runs it and nobody has
 * given it another alias.
 */
export async function isOurs(
  run: CommandRunner,
  interfaceName: string,
  link: Link,
  record: HostRecord,
): Promise<boolean> {
  if (link.kind !== 'wireguard' && link.kind !== 'tun') return false;
  if (link.alias === alias || record.making) return true;
  return link.alias === undefined && (await unitIsUsed(run, interfaceName));
}
