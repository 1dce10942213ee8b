import type { Host } from '../lab/host.ts';

/** Bytes of one customer that came before the gates, and that passed them. */
export interface Testimony {
  readonly came: bigint;
  readonly passed: bigint;
}

/**
 * A second opinion on a node's gate, in a table of the lab's own with chains right before it and behind it: what comes out of
 * the tunnel, and what goes into it. Right behind, as a route that vanishes with the interface drops what has passed the gate.
 */
export async function witnessGate(
  host: Host,
  tunnel: string,
  customers: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const counters = [...customers.keys()].map(
    (name) => `  counter ${name}_came { }\n  counter ${name}_passed { }`,
  );
  const rules = (direction: 'saddr' | 'daddr', where: keyof Testimony) =>
    [...customers].flatMap(([name, addresses]) =>
      addresses.map((address) => {
        const family = address.includes(':') ? 'ip6' : 'ip';
        return `    ${family} ${direction} ${address} counter name ${name}_${where}`;
      }),
    );
  await host.nft(`
table inet witness {}
delete table inet witness
table inet witness {
${counters.join('\n')}
  chain up_before { type filter hook prerouting priority raw; policy accept;
    iifname != "${tunnel}" accept
${rules('saddr', 'came').join('\n')}
  }
  chain up_behind { type filter hook prerouting priority -140; policy accept;
    iifname != "${tunnel}" accept
${rules('saddr', 'passed').join('\n')}
  }
  chain down_before { type filter hook forward priority filter; policy accept;
    oifname != "${tunnel}" accept
${rules('daddr', 'came').join('\n')}
  }
  chain down_behind { type filter hook postrouting priority 300; policy accept;
    oifname != "${tunnel}" accept
${rules('daddr', 'passed').join('\n')}
  }
}
`);
}

/** By customer, since the witness came; undefined when it was flushed away with everything else. */
export async function askWitness(host: Host): Promise<ReadonlyMap<string, Testimony> | undefined> {
  const { exitCode, stdout } = await host.tryRun([
    'nft',
    '-j',
    'list',
    'counters',
    'table',
    'inet',
    'witness',
  ]);
  if (exitCode !== 0) return undefined;
  const { nftables } = JSON.parse(stdout) as Listing;
  const said = new Map<string, Testimony>();
  for (const { counter } of nftables) {
    if (!counter) continue;
    const [name = '', where = ''] = counter.name.split('_');
    said.set(name, { ...(said.get(name) ?? { came: 0n, passed: 0n }), [where]: BigInt(counter.bytes) });
  }
  return said;
}

interface Listing {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly bytes: number } }[];
}
