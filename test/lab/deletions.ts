/** `nft -j list table`, as far as it is looked at here. */
interface Listing {
  readonly nftables: readonly Partial<Record<'set' | 'map', Container>>[];
}

interface Container {
  readonly name: string;
  readonly elem?: readonly Element[];
}

/** An address, an element with statements, or (of a map) a pair of either with its value. */
type Element = string | { readonly elem: { readonly val: string } } | readonly [Element, unknown];

/** nft commands that delete these addresses from every set and map that has them. */
export function deletionsOf(addresses: readonly string[], listing: Listing): string {
  return listing.nftables
    .flatMap(({ set, map }) => set ?? map ?? [])
    .flatMap(({ name, elem = [] }) =>
      elem
        .map(addressOf)
        .filter((address) => addresses.includes(address))
        .map((address) => `delete element inet turnpike ${name} { ${address} }\n`),
    )
    .join('');
}

function addressOf(element: Element): string {
  if (typeof element === 'string') return element;
  return 'elem' in element ? element.elem.val : addressOf(element[0]);
}
