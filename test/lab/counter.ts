import type { Host } from './host.ts';

/**
 * A second opinion on the traffic programs: nft counts each packet that comes in, of whatever kind, in a table of the
 * lab's own in the receiving host. Neighbour discovery on a cable is the cable's own and left out.
 */
export async function countArrivals(host: Host, counters: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(counters);
  await host.nft(`
table inet lab {
${names.map((name) => `  counter ${name} { }`).join('\n')}
  chain arrivals { type filter hook prerouting priority raw; policy accept;
    iifname "${host.prefix}${host.name}-*" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
${names.map((name) => `    ${counters[name]} counter name ${name}`).join('\n')}
  }
}
`);
}

export async function readArrivals(host: Host): Promise<ReadonlyMap<string, bigint>> {
  const listing = JSON.parse(
    await host.run(['nft', '-j', 'list', 'counters', 'table', 'inet', 'lab']),
  ) as Listing;
  return new Map(
    listing.nftables.flatMap(({ counter }) => (counter ? [[counter.name, BigInt(counter.bytes)]] : [])),
  );
}

interface Listing {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly bytes: number } }[];
}
