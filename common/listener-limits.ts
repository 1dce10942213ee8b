/** Of how many connections a listener holds at once (crowd.ts). */
export interface CrowdLimits {
  readonly connections: number;
  /** Of one network: an IPv4 address, or a /64. */
  readonly perNetwork: number;
  /** Of callers that have not shown yet who they are. */
  readonly strangers: number;
}

/** How often something may happen (controller/south/token-bucket.ts). */
export interface RateLimit {
  readonly perSecond: number;
  /** At once. */
  readonly burst: number;
}

/** Of a listener that speaks HTTP/1.1. Times are milliseconds. */
export interface HttpLimits {
  readonly crowd: CrowdLimits;
  readonly headersMs: number;
  /** Of a whole request; 0 for no limit. */
  readonly requestMs: number;
  /** Without a byte either way. */
  readonly silenceMs: number;
  /** How often the first two are looked at. */
  readonly lookMs: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** Of a listener that speaks gRPC. Times are milliseconds. */
export interface GrpcLimits {
  readonly crowd: CrowdLimits;
  readonly handshakeMs: number;
  /** A stranger's connection ends at this age, whatever it does. */
  readonly strangerMs: number;
  /** Of a connection without streams. */
  readonly idleMs: number;
  readonly streams: number;
  readonly messageBytes: number;
}

/**
 * What outsiders and nodes can take of us, listener by listener; docs/reliability.md has the same table. Of one network
 * not so much that it keeps all others out, and of strangers not so many that those whom we know find no room.
 */
export const listenerLimits = {
  nodes: {
    // A fleet of simulated nodes comes from one address, too; and one that comes back at once is all strangers at first.
    crowd: { connections: 20_000, perNetwork: 5_000, strangers: 4_000 },
    handshakeMs: 10_000,
    strangerMs: 30_000,
    idleMs: 60_000,
    streams: 8,
    // A report of some ten thousand devices has a few hundred kilobytes.
    messageBytes: 4 << 20,
  },
  enrolment: {
    crowd: { connections: 256, perNetwork: 64, strangers: 256 },
    handshakeMs: 10_000,
    // Here all are strangers.
    strangerMs: 70_000,
    idleMs: 30_000,
    streams: 4,
    messageBytes: 16 << 10,
  },
  api: {
    crowd: { connections: 2_000, perNetwork: 1_000, strangers: 200 },
    headersMs: 10_000,
    // Bodies of lines come for as long as it takes; nobody's is read who has not shown a key.
    requestMs: 0,
    silenceMs: 30_000,
    lookMs: 2_000,
    headerBytes: 16 << 10,
    // The largest is a group with all its allowed IPs; bodies of lines are read line by line.
    bodyBytes: 64 << 10,
  },
  metrics: {
    crowd: { connections: 64, perNetwork: 64, strangers: 64 },
    headersMs: 5_000,
    requestMs: 5_000,
    silenceMs: 60_000,
    lookMs: 2_000,
    headerBytes: 8 << 10,
    bodyBytes: 0,
  },
} as const satisfies Record<string, GrpcLimits | HttpLimits>;

/** Attempts to join or to recover. */
export const attemptLimits = {
  /** A fleet behind one address may join at once; whoever goes on after that is slowed to this. */
  ofNetwork: { perSecond: 1, burst: 30 },
  /** Each attempt costs a signature check; all callers together may not take the whole process. */
  ofAll: { perSecond: 50, burst: 200 },
  /** Networks that are remembered; those that were quiet are forgotten first. */
  networks: 10_000,
} as const;

/**
 * Of a node on streams of one kind, however often it opens another; more waits. A healthy one sends a report or a few words per
 * second.
 */
export const messageLimit: RateLimit = { perSecond: 50, burst: 400 };
/** A large message counts as several: so 50 small ones, or 1 MiB, a second. */
export const bytesAsMessage = 20 * 1024;

/** Lines in the log about how one node's streams of one kind end; those after that are counted. */
export const endingLimit: RateLimit = { perSecond: 1 / 30, burst: 10 };

/**
 * What one node can make us read: parts of 250 devices or subscriptions; more waits. At once as much as several fleets
 * of ten thousand devices from the beginning, then a tenth of a processor or so.
 */
export const demandLimit: RateLimit = { perSecond: 20, burst: 800 };

/** Lists of one API key that are under way together: each holds memory, for as long as its caller likes. */
export const listsOfKey = 4;

/** Certificates of one node. It needs one in days, and one more when a CA takes over. */
export const renewalLimit: RateLimit = { perSecond: 1 / 60, burst: 10 };

/** For `createServer` of node:http. */
export function httpServerOptions({ headersMs, requestMs, lookMs, headerBytes }: HttpLimits) {
  return {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: lookMs,
    maxHeaderSize: headerBytes,
  };
}
