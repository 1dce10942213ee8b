import type { NodeSettings } from '../desired/state.ts';

/** What the node needs beside WireGuard's peers and the gate: interface, addresses, routes, rules, sysctls. */
export interface Host {
  /**
   * Makes or mends all of it (idempotent) and says what had to be mended, one readable line each; nothing when all
   * was in place. Refuses an interface of that name that is not ours.
   * Includes the interlock: routing rules that blackhole forwarded traffic from and to the tunnel range which our
   * table has not marked, so that a flushed ruleset closes the road.
   */
  ensure(settings: NodeSettings): Promise<readonly string[]>;
  /** Takes all of it down again: `turnpike-agent down`. Only what is ours. */
  remove(): Promise<readonly string[]>;
  /** What is used, or will be once the interface is made: the controller is told before. */
  driver(): Promise<'kernel' | 'userspace'>;
  /** Whether the node has a way to the IPv6 internet, or the operator says so. */
  ipv6(): Promise<boolean>;
}
