import type { Host } from '../../lab/host.ts';

/** Where a host dropped packets since it was made: at full UDP sockets, and at its interfaces. */
export async function dropsOf(hosts: readonly Host[]): Promise<ReadonlyMap<string, number>> {
  const drops = new Map<string, number>();
  for (const host of hosts) {
    drops.set(`${host.name}, full sockets`, fullSockets(await host.run(['cat', '/proc/net/snmp'])));
    for (const link of JSON.parse(await host.run(['ip', '-json', '-statistics', 'link'])) as Link[]) {
      const { rx, tx } = link.stats64;
      drops.set(`${host.name}, ${link.ifname}`, rx.dropped + tx.dropped);
    }
  }
  return drops;
}

interface Link {
  readonly ifname: string;
  readonly stats64: { readonly rx: { readonly dropped: number }; readonly tx: { readonly dropped: number } };
}

/** Of /proc/net/snmp, which has for each protocol a line of names and one of numbers. */
function fullSockets(text: string): number {
  const [names = [], numbers = []] = text
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '));
  return Number(numbers[names.indexOf('RcvbufErrors')]);
}
