import { noKey } from '../../common/wireguard-key.ts';
import type { Places } from './places.ts';
import { readAddress, readCount, readKey, readSeconds, strange } from './tool-values.ts';
import type { Peer, PeerActivity } from './wireguard.ts';

/** Peers as a configuration file of `wg` (wg(8), CONFIGURATION FILE FORMAT). What a peer has already is replaced. */
export function renderPeers(peers: readonly Peer[]): string {
  return peers
    .map(
      ({ publicKey, presharedKey, addresses }) => `[Peer]
PublicKey = ${publicKey}
PresharedKey = ${presharedKey ?? noKey}
AllowedIPs = ${addresses.map(hostRange).join(', ')}
`,
    )
    .join('');
}

export function hostRange(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/** The address of a range of one address; other ranges as they are. */
export function hostAddress(range: string): string {
  return range.replace(range.includes(':') ? /\/128$/ : /\/32$/, '');
}

/** `wg show IF public-key`. */
export function parsePublicKey(output: string): string | undefined {
  const key = output.trim();
  return key === '(none)' ? undefined : readKey('wg', key);
}

/** `wg show IF allowed-ips`: key, tab, ranges with blanks between or `(none)`. */
export function parseAllowedIps(output: string): Map<string, readonly string[]> {
  return new Map(
    rows(output, 2).map(([key, ranges]) => [
      key,
      ranges === '(none)' ? [] : ranges.split(' ').map((range) => readAddress('wg', hostAddress(range))),
    ]),
  );
}

/** `wg show IF endpoints`: key, tab, ADDRESS:PORT or `(none)`; of each the name that says nothing of it. */
export function parsePlaces(output: string, places: Places): Map<string, string | undefined> {
  return new Map(rows(output, 2).map(([key, endpoint]) => [key, places.nameOf(endpoint)]));
}

/** `wg show IF latest-handshakes` and `wg show IF transfer`; peers that are in one of them only are left out. */
export function parseActivity(
  handshakes: string,
  transfer: string,
  places: ReadonlyMap<string, string | undefined>,
): PeerActivity[] {
  const traffic = new Map(
    rows(transfer, 3).map(([key, received, sent]) => [
      key,
      { received: readCount('wg', received), sent: readCount('wg', sent) },
    ]),
  );
  return rows(handshakes, 2).flatMap(([publicKey, seconds]) => {
    const bytes = traffic.get(publicKey);
    if (bytes === undefined) return [];
    const place = places.get(publicKey);
    return [
      {
        publicKey,
        latestHandshake: readSeconds('wg', seconds),
        ...bytes,
        ...(place !== undefined && { place }),
      },
    ];
  });
}

function rows(output: string, columns: 2): [string, string][];
function rows(output: string, columns: 3): [string, string, string][];
function rows(output: string, columns: number): string[][] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = line.split('\t');
      if (row.length !== columns) throw strange('wg', `${row.length} columns where ${columns} were expected`);
      // Each of them begins with the peer's key.
      readKey('wg', row[0]);
      return row;
    });
}
