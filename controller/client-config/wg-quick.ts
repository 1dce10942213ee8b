/** What a client's configuration is made of. Pure values: the private key comes from the caller, never from the store. */
export interface ClientConfig {
  readonly device: {
    /** Base64. Without it, the text says where the customer's own key belongs. */
    readonly privateKey?: string | undefined;
    readonly presharedKey?: string | undefined;
    /** Tunnel addresses, without prefix length. */
    readonly address4: string;
    readonly address6: string;
  };
  readonly node: {
    readonly name: string;
    /** Base64. */
    readonly publicKey: string;
    /** HOST:PORT, as clients reach it. */
    readonly endpoint: string;
  };
  readonly settings: {
    readonly dns: readonly string[];
    readonly mtu: number;
    /** CIDR: what the client sends into the tunnel. */
    readonly allowedIps: readonly string[];
    /** 0 sends none. */
    readonly keepaliveSeconds: number;
  };
}

/** Stands where the private key belongs; no client takes it for one. */
export const privateKeyPlaceholder = 'PUT-THE-PRIVATE-KEY-OF-THIS-DEVICE-HERE';

/** The text that wg-quick(8) and the WireGuard apps read. */
export function renderWgQuick({ device, node, settings }: ClientConfig): string {
  const lines: (string | undefined)[] = [
    '[Interface]',
    `PrivateKey = ${device.privateKey ?? privateKeyPlaceholder}`,
    `Address = ${device.address4}/32, ${device.address6}/128`,
    settings.dns.length > 0 ? `DNS = ${settings.dns.join(', ')}` : undefined,
    `MTU = ${settings.mtu}`,
    '',
    '[Peer]',
    `# ${node.name}`,
    `PublicKey = ${node.publicKey}`,
    device.presharedKey ? `PresharedKey = ${device.presharedKey}` : undefined,
    `Endpoint = ${node.endpoint}`,
    `AllowedIPs = ${settings.allowedIps.join(', ')}`,
    settings.keepaliveSeconds > 0 ? `PersistentKeepalive = ${settings.keepaliveSeconds}` : undefined,
    '',
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}
