/** A client's configuration, taken apart: what `wg` itself reads, and what wg-quick does around it. */
export interface WgQuick {
  /** For `wg setconf`. */
  readonly wgText: string;
  readonly addresses: readonly string[];
  readonly dns: readonly string[];
  readonly mtu: number;
  readonly allowedIps: readonly string[];
}

/** Reads wg-quick text, see wg-quick(8). Throws on a key that is in neither wg(8) nor wg-quick(8). */
export function parseWgQuick(text: string): WgQuick {
  const lists = { Address: [] as string[], DNS: [] as string[], AllowedIPs: [] as string[] };
  let mtu = 1420;
  const wgLines: string[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [key = '', ...rest] = line.split('=').map((part) => part.trim());
    const value = line.slice(line.indexOf('=') + 1).trim();
    if (key === 'MTU') mtu = Number(value);
    else if (key === 'Address' || key === 'DNS') lists[key].push(...value.split(/\s*,\s*/));
    else if (/^\[(Interface|Peer)\]$/.test(line) || wgKeys.has(key)) {
      if (key === 'AllowedIPs') lists.AllowedIPs.push(...value.split(/\s*,\s*/));
      wgLines.push(line);
    } else throw new Error(`neither wg nor wg-quick knows the key "${key}" (${rest.length} values)`);
  }
  return {
    wgText: `${wgLines.join('\n')}\n`,
    addresses: lists.Address,
    dns: lists.DNS,
    mtu,
    allowedIps: lists.AllowedIPs,
  };
}

const wgKeys = new Set([
  'PrivateKey',
  'ListenPort',
  'FwMark',
  'PublicKey',
  'PresharedKey',
  'AllowedIPs',
  'Endpoint',
  'PersistentKeepalive',
]);
