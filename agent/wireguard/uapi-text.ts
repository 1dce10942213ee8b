import { noKey } from '../../common/wireguard-key.ts';
import { keyToHex } from './keys.ts';
import type { Places } from './places.ts';
import { readAddress, readCount, readErrno, readHexKey, readSeconds } from './tool-values.ts';
import { hostAddress, hostRange } from './wg-text.ts';
import type { Peer } from './wireguard.ts';

// https://www.wireguard.com/xplatform/, "Configuration Protocol".
const program = 'wireguard-go';

export function renderConfigure(options: { privateKey: string; listenPort: number }): string {
  return `set=1\nprivate_key=${keyToHex(options.privateKey)}\nlisten_port=${options.listenPort}\n\n`;
}

export function renderUpsert(peers: readonly Peer[]): string {
  const blocks = peers.map(({ publicKey, presharedKey, addresses }) =>
    [
      `public_key=${keyToHex(publicKey)}`,
      `preshared_key=${keyToHex(presharedKey ?? noKey)}`,
      'replace_allowed_ips=true',
      ...addresses.map((address) => `allowed_ip=${hostRange(address)}`),
      '',
    ].join('\n'),
  );
  return `set=1\n${blocks.join('')}\n`;
}

export function renderRemoval(publicKeys: readonly string[]): string {
  return `set=1\n${publicKeys.map((key) => `public_key=${keyToHex(key)}\nremove=true\n`).join('')}\n`;
}

export interface UapiPeer {
  readonly publicKey: string;
  readonly addresses: string[];
  place?: string;
  latestHandshake: number;
  received: bigint;
  sent: bigint;
}

/**
 * Reads an answer line by line and keeps what we may know. The answer to `get=1` holds preshared keys and endpoints as
 * well; the former are passed over, and of the latter a name is kept that says nothing of them.
 */
export class AnswerReader {
  readonly peers: UapiPeer[] = [];
  /** Hex; only to derive the public key from, which WireGuard does not tell. */
  privateKey: string | undefined;
  errno: number | undefined;
  readonly #places: Places;
  #rest = '';

  constructor(places: Places) {
    this.#places = places;
  }

  /** Whether the answer is complete. */
  read(chunk: string): boolean {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '' && this.errno !== undefined) return true;
      this.#line(line);
    }
    return false;
  }

  #line(line: string): void {
    const [key = '', value = ''] = line.split('=', 2);
    const peer = this.peers.at(-1);
    switch (key) {
      case 'errno':
        this.errno = readErrno(program, value);
        break;
      case 'private_key':
        this.privateKey = /^0+$/.test(value) ? undefined : readHexKey(program, value).hex;
        break;
      case 'public_key':
        this.peers.push({
          publicKey: readHexKey(program, value).base64,
          addresses: [],
          latestHandshake: 0,
          received: 0n,
          sent: 0n,
        });
        break;
      case 'allowed_ip':
        peer?.addresses.push(readAddress(program, hostAddress(value)));
        break;
      case 'endpoint': {
        const place = this.#places.nameOf(value);
        if (peer !== undefined && place !== undefined) peer.place = place;
        break;
      }
      case 'last_handshake_time_sec':
        if (peer !== undefined) peer.latestHandshake = readSeconds(program, value);
        break;
      case 'rx_bytes':
        if (peer !== undefined) peer.received = readCount(program, value);
        break;
      case 'tx_bytes':
        if (peer !== undefined) peer.sent = readCount(program, value);
        break;
    }
  }
}
