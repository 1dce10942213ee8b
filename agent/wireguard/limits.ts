/** Peers that one interface takes: MAX_PEERS_PER_DEVICE in the kernel, MaxPeers in wireguard-go. */
export const maxPeers = { kernel: 1 << 20, userspace: 1 << 16 } as const;

/** Removals in one argument list: the kernel allows 2 MB of it, and 25,000 were measured to fit. */
export const removalsPerCommand = 20_000;
